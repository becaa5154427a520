using Winnow.Caching.Storage;
using Winnow.Kernels.Elementwise;

namespace Winnow.Caching.Policies;

/// <summary>
/// After the prompt, lets its last tokens vote on which earlier entries the answer will need; votes are smoothed over neighbours so that a fact is kept whole.
/// What is generated stays. Li et al. 2024, "SnapKV: LLM Knows What You are Looking for Before Generation", arXiv 2404.14469.
/// </summary>
public sealed class SnapKv : ScoringPolicy
{
    private readonly int _window;
    private readonly int _kernel;
    private readonly Pooling _pooling;

    /// <summary>Creates the policy.</summary>
    /// <param name="window">Last tokens of the prompt, which vote and always stay.</param>
    /// <param name="kernel">Neighbours over which votes are pooled; odd.</param>
    /// <param name="pooling">How they are pooled.</param>
    /// <param name="keep">Entries after compression, the window included.</param>
    /// <exception cref="WinnowException">The kernel is even.</exception>
    public SnapKv(int window, int kernel, Pooling pooling, Budget keep)
        : base(keep)
    {
        if (kernel % 2 == 0)
            throw new WinnowException($"cache option 'kernel' is {kernel}; it must be odd, so that as many neighbours count on either side");
        (_window, _kernel, _pooling) = (window, kernel, pooling);
        Needs = new PolicyNeeds { RecentQueries = keep.IsUnlimited ? 0 : window };
    }

    /// <summary>How votes of neighbours are pooled.</summary>
    public enum Pooling
    {
        /// <summary>Their mean; places beyond the ends count as zero.</summary>
        Mean,

        /// <summary>Their maximum.</summary>
        Max,
    }

    /// <summary>The policy in the catalogue.</summary>
    public static PolicyDescriptor Descriptor { get; } = new()
    {
        Name = "snapkv",
        Summary = "keeps the entries that the prompt's last tokens attend to, with their neighbours",
        Paper = "Li et al. 2024, arXiv 2404.14469",
        Options =
        [
            new PolicyOption("window", "32", "last tokens of the prompt, which vote and always stay"),
            new PolicyOption("kernel", "5", "neighbours over which votes are pooled"),
            new PolicyOption("pooling", "mean", "mean or max"),
        ],
        Survives = CacheFeatures.Fork | CacheFeatures.QuantisedEntries | CacheFeatures.GroupedQueries | CacheFeatures.SlidingWindow
            | CacheFeatures.ChunkedPrefill | CacheFeatures.PrefixReuse,
        Build = From,
    };

    /// <summary>Last tokens of the prompt, which vote and always stay.</summary>
    public int Window => _window;

    /// <inheritdoc/>
    public override PolicyNeeds Needs { get; }

    /// <inheritdoc/>
    public override EntryScorer CreateScorer() => new Scorer(this);

    /// <summary>Reads the options.</summary>
    internal static SnapKv From(PolicyArguments arguments) => new(
        arguments.Integer("window", 32, 1, 1024), arguments.Integer("kernel", 5, 1, 255), arguments.Choice("pooling", Pooling.Mean), arguments.Keep);

    /// <summary>Pools every vote with its neighbours.</summary>
    internal static void Pool(ReadOnlySpan<float> votes, int kernel, Pooling pooling, Span<float> pooled)
    {
        int reach = kernel / 2;
        for (int i = 0; i < votes.Length; i++)
        {
            ReadOnlySpan<float> near = votes[Math.Max(0, i - reach)..Math.Min(votes.Length, i + reach + 1)];
            pooled[i] = pooling == Pooling.Max
                ? System.Numerics.Tensors.TensorPrimitives.Max(near)
                : System.Numerics.Tensors.TensorPrimitives.Sum(near) / kernel;
        }
    }

    private sealed class Scorer(SnapKv policy) : EntryScorer
    {
        private readonly SelectionBuffers _buffers = new();

        public override EntryScorer Fork() => new Scorer(policy);

        public override void Score(LayerCache layer, int kvHead, int budget, Span<float> scores)
        {
            // A budget near the window would leave no room for what the window votes for.
            int window = Math.Min(layer.RecentQueries, budget >= 2 * policy._window ? policy._window : budget / 2);
            int candidates = scores.Length - window;
            Span<float> votes = _buffers.Scores(scores.Length);
            CountVotes(layer, kvHead, votes);
            Pool(votes[..candidates], policy._kernel, policy._pooling, scores);
            scores[candidates..].Fill(float.PositiveInfinity);
        }

        private void CountVotes(LayerCache layer, int head, Span<float> votes)
        {
            int rows = layer.RecentQueries * layer.Shape.GroupSize, length = votes.Length;
            Span<float> logits = _buffers.Rows(rows * length);
            layer.Logits(head, layer.RecentQueries, logits);
            votes.Clear();
            for (int row = 0; row < rows; row++)
            {
                Span<float> probabilities = logits.Slice(row * length, length);
                Softmax.InPlace(probabilities);
                System.Numerics.Tensors.TensorPrimitives.Add(votes, probabilities, votes);
            }
        }
    }
}
