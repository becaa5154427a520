namespace Winnow.Caching.Gates;

/// <summary>Orders the heads of a whole model by their gates and cuts the order in two.</summary>
public sealed class GateRanking
{
    private const double Noise = 1e-6;
    private readonly double[] _gates;

    /// <summary>Ranks gates; equal ones are told apart by a little noise, the same at every run.</summary>
    /// <param name="gates">Gates of all heads, [layers × kvHeads].</param>
    /// <param name="seed">Seed of the noise.</param>
    public GateRanking(ReadOnlySpan<float> gates, int seed = 0)
    {
        Random random = new(seed);
        _gates = new double[gates.Length];
        for (int i = 0; i < gates.Length; i++)
            _gates[i] = gates[i] + random.NextDouble() * Noise;
    }

    /// <summary>
    /// Cuts at a share of compressed heads. The threshold is the quantile of all gates, interpolated linearly; heads at or above it stay full. A layer may have
    /// no full head, or only such.
    /// </summary>
    /// <param name="sparsity">Share of heads to compress: 0 or less for none, 1 or more for all.</param>
    public GateCut At(double sparsity)
    {
        bool[] full = new bool[_gates.Length];
        double threshold = sparsity <= 0 ? double.NegativeInfinity : sparsity >= 1 ? double.PositiveInfinity : Quantile(sparsity);
        for (int i = 0; i < full.Length; i++)
            full[i] = _gates[i] >= threshold;
        return new GateCut(full, threshold);
    }

    /// <summary>The heads in falling order of their gates.</summary>
    public int[] Descending() => [.. Enumerable.Range(0, _gates.Length).OrderByDescending(head => _gates[head])];

    private double Quantile(double share)
    {
        double[] sorted = [.. _gates.Order()];
        double place = share * (sorted.Length - 1);
        int below = (int)place;
        return below + 1 < sorted.Length ? sorted[below] + (place - below) * (sorted[below + 1] - sorted[below]) : sorted[below];
    }
}

/// <summary>Heads that keep everything.</summary>
/// <param name="Full">For each head of the model, [layers × kvHeads], whether it does.</param>
/// <param name="Threshold">Gate from which on a head does.</param>
public sealed record GateCut(IReadOnlyList<bool> Full, double Threshold)
{
    /// <summary>Share of heads that are really compressed; a quantile between two heads leaves it a little beside what was asked for.</summary>
    public double Sparsity => 1 - (double)Full.Count(full => full) / Full.Count;
}
