namespace Winnow.Evaluation;

/// <summary>A range of values.</summary>
/// <param name="Low">Lower end.</param>
/// <param name="High">Upper end.</param>
public sealed record Interval(double Low, double High);

/// <summary>Spread of a mean without assumptions on the distribution: samples are drawn again from themselves (Efron 1979, the percentile method).</summary>
public static class Bootstrap
{
    private const int Rounds = 2000;
    private const double Tail = 0.025;

    // The draws of an interval are always the same, so a report made twice is the same report.
    private const int Seed = 20240607;

    /// <summary>The interval that holds the middle 95 % of redrawn means.</summary>
    /// <param name="groups">Samples of each group, at least one each. The mean is that of the groups' means; each group is redrawn by itself.</param>
    /// <returns>The interval; null when no group has two samples, for then nothing is known of the spread.</returns>
    public static Interval? Mean(IReadOnlyList<IReadOnlyList<double>> groups)
    {
        if (groups.All(group => group.Count < 2))
            return null;
        Random random = new(Seed);
        double[] means = new double[Rounds];
        for (int round = 0; round < Rounds; round++)
        {
            double sum = 0;
            foreach (IReadOnlyList<double> group in groups)
                sum += Redraw(group, random);
            means[round] = sum / groups.Count;
        }

        Array.Sort(means);
        return new Interval(means[(int)(Tail * Rounds)], means[(int)((1 - Tail) * Rounds) - 1]);
    }

    private static double Redraw(IReadOnlyList<double> group, Random random)
    {
        double sum = 0;
        for (int i = 0; i < group.Count; i++)
            sum += group[random.Next(group.Count)];
        return sum / group.Count;
    }
}
