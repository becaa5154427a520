namespace Winnow.Evaluation.Tests.Sweep;

public sealed class ResultPageTests
{
    private static readonly PageOptions _options = new()
    {
        Title = "RULER on tiny",
        Setting = [("model", "tiny.gguf | 1 MiB"), ("length", "512")],
        Command = "winnow eval ruler --length 512",
        Method = "The likeliest token is always taken.",
        Picture = "ruler.png",
    };

    [Fact]
    public void A_page_has_setting_scores_spread_and_recipe()
    {
        string page = ResultPage.Write([Result("full", "100%", 4 << 20, 100, 100), Result("adakv(snapkv)", "25%", 1 << 20, 100, 0)], _options);
        Assert.StartsWith("# RULER on tiny\n\n## Setting\n\n| | |\n|---|---|\n| model | tiny.gguf \\| 1 MiB |\n", page, StringComparison.Ordinal);
        Assert.Contains("![The scores](ruler.png)", page, StringComparison.Ordinal);
        Assert.Contains("| policy | keep | KV MiB | a | b | mean | 95 % interval |\n|---|---|---|---|---|---|---|\n", page, StringComparison.Ordinal);
        Assert.Contains("| full | 100% | 4.00 | 100.0 | 100.0 | 100.0 | 100.0 – 100.0 |\n", page, StringComparison.Ordinal);
        Assert.Contains("| adakv(snapkv) | 25% | 1.00 | 50.0 | 50.0 | 50.0 |", page, StringComparison.Ordinal);
        Assert.Contains("4 rows a policy and budget, 2 for each of 2 tasks.", page, StringComparison.Ordinal);
        Assert.Contains("| adakv(snapkv) | 25% | 0.0 – 100.0 | 0.0 – 100.0 |", page, StringComparison.Ordinal);
        Assert.EndsWith("**Recipe.** The likeliest token is always taken.\n\n```\nwinnow eval ruler --length 512\n```\n", page, StringComparison.Ordinal);
    }

    [Fact]
    public void Single_rows_have_no_spread_and_divergences_no_mean()
    {
        SweepResult result = new(
            "h2o", "25%", [new TaskScore(new Measure("top"), [90]), new TaskScore(new Measure("kl", IsPercent: false), [0.0123])],
                [new RowOutcome([90, 0.0123], 1 << 20)]);
        string page = ResultPage.Write([result], _options with { Picture = null });
        Assert.Contains("| h2o | 25% | 1.00 | 90.0 | 0.0123 |\n", page, StringComparison.Ordinal);
        Assert.DoesNotContain("## Spread", page, StringComparison.Ordinal);
        Assert.DoesNotContain("mean |", page, StringComparison.Ordinal);
        Assert.DoesNotContain("![", page, StringComparison.Ordinal);
    }

    [Fact]
    public void Heat_maps_stand_below_the_scores()
    {
        NeedleGrid grid = new("h2o", "25%", [512, 1024], [0, 0.5], new double[,] { { 100, 50 }, { 0, 33.4 } });
        string page = ResultPage.Write([Result("h2o", "25%", 1, 1, 1)], _options with { Grids = [grid] });
        Assert.Contains("| depth | 512 | 1,024 |\n|---|---|---|\n| 0 % | 100 | 50 |\n| 50 % | 0 | 33 |\n", page, StringComparison.Ordinal);
    }

    /// <summary>Two tasks of two rows each.</summary>
    private static SweepResult Result(string policy, string keep, long bytes, double first, double second) => new(
        policy, keep, [new TaskScore(new Measure("a"), [first, second]), new TaskScore(new Measure("b"), [first, second])],
            [new RowOutcome([first], bytes), new RowOutcome([second], bytes)]);
}
