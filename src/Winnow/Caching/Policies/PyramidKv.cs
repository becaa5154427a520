namespace Winnow.Caching.Policies;

/// <summary>
/// SnapKV's votes with budgets that fall from the first layer to the last: attention is spread in low layers and narrows towards the top.
/// Cai et al. 2024, "PyramidKV: Dynamic KV Cache Compression based on Pyramidal Information Funneling", arXiv 2406.02069.
/// </summary>
public sealed class PyramidKv : ScoringPolicy
{
    private readonly SnapKv _votes;

    /// <summary>Creates the policy.</summary>
    /// <param name="votes">Scores the entries.</param>
    /// <param name="window">Last tokens of the prompt, which every layer keeps.</param>
    /// <param name="beta">How many times the top layer's share beyond the window is smaller than the mean; at least 1.</param>
    public PyramidKv(SnapKv votes, int window, double beta)
        : base(votes.Keep)
    {
        _votes = votes;
        Layers = new Pyramid(window, beta);
    }

    /// <summary>The policy in the catalogue.</summary>
    public static PolicyDescriptor Descriptor { get; } = SnapKv.Descriptor with
    {
        Name = "pyramidkv",
        Summary = "votes as snapkv does, and keeps more in low layers than in high ones",
        Paper = "Cai et al. 2024, arXiv 2406.02069",
        Options = [.. SnapKv.Descriptor.Options, new PolicyOption("beta", "20", "how many times less than the mean the last layer keeps beyond the window")],
        Build = arguments => new PyramidKv(SnapKv.Build(arguments), SnapKv.Window(arguments), arguments.Number("beta", 20, 1, 1000)),
    };

    /// <inheritdoc/>
    public override PolicyNeeds Needs => _votes.Needs;

    /// <inheritdoc/>
    public override LayerBudgets Layers { get; }

    /// <inheritdoc/>
    public override EntryScorer CreateScorer() => _votes.CreateScorer();

    /// <summary>A straight line over the layers whose mean is the budget.</summary>
    private sealed class Pyramid(int window, double beta) : LayerBudgets
    {
        public override int Of(LayerCache layer, int mean)
        {
            // The window comes first; only what goes beyond it falls with depth. A tiny budget shrinks the window as SnapKV does.
            int floor = mean >= 2 * window ? window : mean / 2;
            double spread = mean - floor, least = spread / beta, most = (2 * spread) - least;
            double room = layer[0].Length - floor;
            if (most > room)
                (most, least) = (Math.Max(room, spread), (2 * spread) - Math.Max(room, spread));
            double share = layer.Layers == 1 ? spread : most - ((most - least) * layer.Layer / (layer.Layers - 1));
            return Math.Max(2, floor + (int)Math.Round(share));
        }
    }
}
