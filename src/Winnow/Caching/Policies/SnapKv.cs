using Winnow.Caching.Storage;
using Winnow.Kernels.Elementwise;

namespace Winnow.Caching.Policies;

/// <summary>
/// After the prompt, lets its last tokens vote on which earlier entries the answer will need; votes are smoothed over neighbours so that a fact is kept whole.
/// What is generated stays. Li et al. 2024, "SnapKV: LLM Knows What You are Looking for Before Generation", arXiv 2404.14469.
/// </summary>
public sealed class SnapKv : CachePolicy
{
    private readonly int _window;
    private readonly int _kernel;
    private readonly Pooling _pooling;
    private readonly Budget _keep;

    /// <summary>Creates the policy.</summary>
    /// <param name="window">Last tokens of the prompt, which vote and always stay.</param>
    /// <param name="kernel">Neighbours over which votes are pooled; odd.</param>
    /// <param name="pooling">How they are pooled.</param>
    /// <param name="keep">Entries after compression, the window included.</param>
    /// <exception cref="WinnowException">The kernel is even.</exception>
    public SnapKv(int window, int kernel, Pooling pooling, Budget keep)
    {
        if (kernel % 2 == 0)
            throw new WinnowException($"option 'kernel' of cache policy 'snapkv' is {kernel}; it must be odd");
        (_window, _kernel, _pooling, _keep) = (window, kernel, pooling, keep);
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
        Survives = CacheFeatures.Fork | CacheFeatures.QuantisedEntries | CacheFeatures.GroupedQueries | CacheFeatures.SlidingWindow | CacheFeatures.ChunkedPrefill,
        Build = arguments => new SnapKv(
            arguments.Integer("window", 32, 1, 1024), arguments.Integer("kernel", 5, 1, 255), arguments.Choice("pooling", Pooling.Mean), arguments.Keep),
    };

    /// <inheritdoc/>
    public override PolicyNeeds Needs { get; }

    /// <inheritdoc/>
    public override CacheSession? Start() => _keep.IsUnlimited ? null : new Session(this);

    private sealed class Session(SnapKv policy) : CacheSession
    {
        private readonly SelectionBuffers _buffers = new();

        public override CacheSession Fork() => new Session(policy);

        public override void AfterChunk(LayerCache layer, bool last)
        {
            if (!last)
                return;
            int budget = layer.Resolve(policy._keep, layer.PromptLength, 2);
            // A budget near the window would leave no room for what the window votes for.
            int window = Math.Min(layer.RecentQueries, budget >= 2 * policy._window ? policy._window : budget / 2);
            for (int head = 0; head < layer.KvHeads; head++)
            {
                if (layer[head].Length > budget)
                    Compress(layer, head, budget, window);
            }
        }

        private void Compress(LayerCache layer, int head, int budget, int window)
        {
            Lane lane = layer[head];
            int length = lane.Length, candidates = length - window;
            Span<float> votes = _buffers.Scores(2 * length);
            Span<float> pooled = votes[length..];
            CountVotes(layer, head, votes[..length]);
            Pool(votes[..candidates], pooled);
            pooled[candidates..].Fill(float.PositiveInfinity);
            Span<int> slots = _buffers.Slots(budget);
            TopEntries.Select(pooled, budget, slots, _buffers.Keys(length));
            lane.Keep(slots);
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

        private void Pool(ReadOnlySpan<float> votes, Span<float> pooled)
        {
            int reach = policy._kernel / 2;
            for (int i = 0; i < votes.Length; i++)
            {
                ReadOnlySpan<float> near = votes[Math.Max(0, i - reach)..Math.Min(votes.Length, i + reach + 1)];
                pooled[i] = policy._pooling == Pooling.Max
                    ? System.Numerics.Tensors.TensorPrimitives.Max(near)
                    : System.Numerics.Tensors.TensorPrimitives.Sum(near) / policy._kernel;
            }
        }
    }
}
