namespace Winnow.Evaluation.Tests;

public sealed class SpeedSummaryTests
{
    [Fact]
    public void Quartiles_lie_between_neighbouring_runs()
    {
        SpeedSummary summary = SpeedSummary.Of([40, 10, 30, 20]);
        Assert.Equal((10, 17.5, 25, 32.5, 40), (summary.Min, summary.LowerQuartile, summary.Median, summary.UpperQuartile, summary.Max));
        Assert.Equal([40, 10, 30, 20], summary.Runs);
    }

    [Fact]
    public void One_run_is_its_own_summary()
    {
        SpeedSummary summary = SpeedSummary.Of([5]);
        Assert.Equal((5, 5, 5, 5, 5), (summary.Min, summary.LowerQuartile, summary.Median, summary.UpperQuartile, summary.Max));
    }

    [Fact]
    public void No_run_is_refused() => Assert.Throws<ArgumentException>(() => SpeedSummary.Of([]));
}
