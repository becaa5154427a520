namespace Winnow.Evaluation;

/// <summary>Tokens per second over several runs.</summary>
public sealed record SpeedSummary
{
    private SpeedSummary(double[] runs)
    {
        double[] sorted = [.. runs.Order()];
        Runs = runs;
        (Min, LowerQuartile, Median, UpperQuartile, Max) = (sorted[0], Quantile(sorted, 0.25), Quantile(sorted, 0.5), Quantile(sorted, 0.75), sorted[^1]);
    }

    /// <summary>The middle run, or the mean of the two middle ones.</summary>
    public double Median { get; }

    /// <summary>A quarter of the runs are slower.</summary>
    public double LowerQuartile { get; }

    /// <summary>A quarter of the runs are faster.</summary>
    public double UpperQuartile { get; }

    /// <summary>The slowest run.</summary>
    public double Min { get; }

    /// <summary>The fastest run.</summary>
    public double Max { get; }

    /// <summary>All runs in their order.</summary>
    public IReadOnlyList<double> Runs { get; }

    /// <summary>Summarises runs; quartiles lie on the straight line between neighbouring runs.</summary>
    /// <param name="runs">Tokens per second, at least one run.</param>
    /// <exception cref="ArgumentException">There is no run.</exception>
    public static SpeedSummary Of(IEnumerable<double> runs)
    {
        double[] values = [.. runs];
        return values.Length > 0 ? new SpeedSummary(values) : throw new ArgumentException("there is no run to summarise", nameof(runs));
    }

    private static double Quantile(double[] sorted, double share)
    {
        double place = share * (sorted.Length - 1);
        int below = (int)place;
        int above = Math.Min(below + 1, sorted.Length - 1);
        return sorted[below] + (place - below) * (sorted[above] - sorted[below]);
    }
}
