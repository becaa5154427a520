namespace Winnow.Caching.Policies;

/// <summary>
/// The votes of <see cref="SnapKv"/> with budgets that fall from layer to layer: attention is spread in the first layers and gathers on few tokens in the last.
/// The mean over the layers is the budget, to the entry.
/// Cai et al. 2024, "PyramidKV: Dynamic KV Cache Compression based on Pyramidal Information Funneling", arXiv 2406.02069.
/// </summary>
public sealed class PyramidKv : ScoringPolicy
{
    private readonly SnapKv _votes;

    /// <summary>Creates the policy.</summary>
    /// <param name="votes">Scores the entries; its budget is the mean over the layers.</param>
    /// <param name="beta">How steep the pyramid is: beside the window, the last layer keeps 1/β of the mean, at least 1.</param>
    public PyramidKv(SnapKv votes, double beta)
        : base(votes.Keep)
    {
        _votes = votes;
        Layers = new Pyramid(votes.Window, beta);
    }

    /// <summary>The policy in the catalogue.</summary>
    public static PolicyDescriptor Descriptor { get; } = new()
    {
        Name = "pyramidkv",
        Summary = "keeps what the prompt's last tokens attend to, more in the first layers than in the last",
        Paper = "Cai et al. 2024, arXiv 2406.02069",
        Options =
        [
            .. SnapKv.Descriptor.Options,
            new PolicyOption("beta", "20", "how steep the budgets fall: the last layer keeps 1/beta of the mean, beside the window"),
        ],
        Survives = SnapKv.Descriptor.Survives,
        Build = arguments => new PyramidKv(SnapKv.From(arguments), arguments.Number("beta", 20, 1, 1e6)),
    };

    /// <inheritdoc/>
    public override PolicyNeeds Needs => _votes.Needs;

    /// <inheritdoc/>
    public override LayerBudgets Layers { get; }

    /// <inheritdoc/>
    public override EntryScorer CreateScorer() => _votes.CreateScorer();

    /// <summary>Budgets on a straight line.</summary>
    /// <param name="window">Newest tokens, which every layer keeps and which the line does not count.</param>
    /// <param name="beta">Mean of the line over its last value, at least 1.</param>
    internal sealed class Pyramid(int window, double beta) : LayerBudgets
    {
        /// <inheritdoc/>
        public override int Of(LayerCache layer, int mean) => Of(layer.Layer, layer.Layers, mean, layer.PromptLength);

        /// <summary>Entries for each lane of a layer, of <paramref name="prompt"/> tokens.</summary>
        internal int Of(int layer, int layers, int mean, int prompt)
        {
            if (mean >= prompt || layers == 1)
                return mean;
            // A budget near the window would leave nothing to divide; SnapKV's votes then protect half of it too.
            int always = mean >= 2 * window ? window : mean / 2, free = mean - always;
            double last = free / beta, first = 2 * free - last;
            if (first > prompt - always)
                (first, last) = (prompt - always, 2 * free - (prompt - always));
            // Layers as far from the first as others from the last have budgets that add up to twice the mean; rounding one of each pair keeps the sum.
            int upper = Math.Min(layer, layers - 1 - layer);
            int over = (int)Math.Round(first - upper * (first - last) / (layers - 1)) - free;
            return 2 * upper == layers - 1 ? mean : layer == upper ? mean + over : mean - over;
        }
    }
}
