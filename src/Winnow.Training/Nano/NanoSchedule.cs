namespace Winnow.Training.Nano;

/// <summary>What training does when, as a function of how much of it is done, from 0 to 1.</summary>
internal static class NanoSchedule
{
    /// <summary>
    /// Peak rate of Muon. At 0.02 the circuits that the first weights hold are lost; 0.005 to 0.006 keeps them.
    /// </summary>
    public const double MatrixRate = 0.006;

    /// <summary>Peak rate of Adam.</summary>
    public const double OtherRate = 0.0015;

    private const int WarmUpSteps = 40;
    private const double DecayShare = 0.3;
    private const double LeastRate = 0.01;
    private const int TokensPerStep = 2048;

    // From short to long: new lengths are picked up within a hundred steps once the short ones are known.
    private static readonly (double From, (int Length, double Share)[] Lengths)[] s_stages =
    [
        (0.00, [(64, 0.3), (96, 0.3), (128, 0.4)]),
        (0.10, [(128, 0.6), (256, 0.4)]),
        (0.25, [(128, 0.2), (256, 0.5), (512, 0.3)]),
        (0.40, [(128, 0.1), (256, 0.3), (512, 0.6)]),
        (0.52, [(128, 0.1), (256, 0.1), (512, 0.3), (1024, 0.5)]),
        (0.66, [(128, 0.1), (256, 0.1), (512, 0.15), (1024, 0.35), (2048, 0.3)]),
    ];

    /// <summary>Share of the peak rates at a step: up, level, then down in a line to almost nothing.</summary>
    public static double Rate(long step, double progress) =>
        Math.Min(1, (step + 1.0) / WarmUpSteps) * Math.Clamp((1 - progress) / DecayShare, LeastRate, 1);

    /// <summary>Whether the last part has begun, which gives more time to what is learnt last: biographies and sums.</summary>
    public static bool IsLate(double progress) => progress >= 0.75;

    /// <summary>Draws the length of a batch's rows.</summary>
    public static int Length(double progress, NanoRandom random)
    {
        (int Length, double Share)[] lengths = s_stages.Last(stage => stage.From <= progress).Lengths;
        return lengths[random.Draw([.. lengths.Select(entry => entry.Share)])].Length;
    }

    /// <summary>Longest row at this time.</summary>
    public static int Longest(double progress) => s_stages.Last(stage => stage.From <= progress).Lengths.Max(entry => entry.Length);

    /// <summary>Rows of a batch; two at least of long ones.</summary>
    public static int Rows(int length) => Math.Max(2, TokensPerStep / length);

    /// <summary>
    /// Weight of text that is no answer, against all answers together. None at first, so that the few tokens that can be right or wrong teach alone.
    /// </summary>
    public static double TextWeight(double progress) => progress < 0.2 ? 0 : 0.1;
}
