using System.Numerics.Tensors;
using Winnow.Caching.Storage;

namespace Winnow.Caching.Policies;

/// <summary>
/// Merges instead of dropping: a lane holds its newest entries, those with the highest fading attention, and a few residual slots into which all others are averaged. A slot
/// that stands for w tokens gets α·log w added to its attention logit, so it keeps about the weight that its members had.
/// Liu et al. 2025, "ZeroMerge: Parameter-Free KV Cache Compression for Memory-Efficient Long-Context LLMs" (later ZSMerge), arXiv 2503.10714.
/// </summary>
public sealed class ZeroMerge : CachePolicy
{
    private const byte Residual = 1;
    private readonly Options _options;

    /// <summary>Creates the policy.</summary>
    public ZeroMerge(Options options)
    {
        _options = options;
        Needs = options.Keep.IsUnlimited
            ? new PolicyNeeds()
            : new PolicyNeeds { Fields = EntryFields.Weights | EntryFields.Flags, Observer = new AttentionObserver { Decay = (float)options.Decay } };
    }

    /// <summary>How alike two keys are.</summary>
    public enum KeySimilarity
    {
        /// <summary>Their inner product.</summary>
        Dot,

        /// <summary>Their negative squared distance.</summary>
        Distance,
    }

    /// <summary>Score of a merged slot.</summary>
    public enum MergedScore
    {
        /// <summary>The larger of the two.</summary>
        Max,

        /// <summary>Their sum.</summary>
        Sum,
    }

    /// <summary>The policy in the catalogue.</summary>
    public static PolicyDescriptor Descriptor { get; } = new()
    {
        Name = "zeromerge",
        Summary = "merges the lightest entries into residual slots that keep their weight in attention",
        Paper = "Liu et al. 2025, arXiv 2503.10714",
        Options =
        [
            new PolicyOption("tail", "0.1", "newest entries: a share of the budget below 1, else a count of at least 2"),
            new PolicyOption("residual", "1", "residual slots: a share of what the tail leaves below 1, else a count"),
            new PolicyOption("alpha", "1", "factor on the logarithm of a slot's weight; up to 1 no other entry loses weight by a merge"),
            new PolicyOption("decay", "0.98", "factor by which a score fades with each token"),
            new PolicyOption("similarity", "dot", "which residual slot an entry joins: by dot product or distance of keys"),
            new PolicyOption("merged-score", "max", "score of a merged slot: max or sum"),
        ],
        Survives = CacheFeatures.Fork | CacheFeatures.QuantisedEntries | CacheFeatures.GroupedQueries | CacheFeatures.SlidingWindow | CacheFeatures.ChunkedPrefill,
        Build = arguments => new ZeroMerge(new Options
        {
            Keep = arguments.Keep,
            Tail = arguments.Number("tail", 0.1, 0, 1 << 24),
            Residuals = arguments.Number("residual", 1, 0, 1 << 24),
            Alpha = arguments.Number("alpha", 1, 0, 10),
            Decay = arguments.Number("decay", 0.98, 1e-6, 1),
            Similarity = arguments.Choice("similarity", KeySimilarity.Dot),
            Merged = arguments.Choice("merged-score", MergedScore.Max),
        }),
    };

    /// <inheritdoc/>
    public override PolicyNeeds Needs { get; }

    /// <inheritdoc/>
    public override CacheSession? Start() => _options.Keep.IsUnlimited ? null : new Session(_options);

    /// <summary>Sizes and variants; the defaults are the official code's.</summary>
    public sealed record Options
    {
        /// <summary>Slots of a lane.</summary>
        public Budget Keep { get; init; }

        /// <summary>Newest entries: a share of the budget below 1, else a count.</summary>
        public double Tail { get; init; } = 0.1;

        /// <summary>Residual slots: a share of what the tail leaves below 1, else a count.</summary>
        public double Residuals { get; init; } = 1;

        /// <summary>Factor on the logarithm of a slot's weight.</summary>
        public double Alpha { get; init; } = 1;

        /// <summary>Factor by which a score fades with each token.</summary>
        public double Decay { get; init; } = 0.98;

        /// <summary>Which residual slot an entry joins.</summary>
        public KeySimilarity Similarity { get; init; }

        /// <summary>Score of a merged slot.</summary>
        public MergedScore Merged { get; init; }

        /// <summary>Newest entries, residual slots and slots of a lane of <paramref name="budget"/>.</summary>
        internal (int Tail, int Residuals) Split(int budget)
        {
            int tail = Math.Clamp(Tail < 1 ? (int)(Tail * budget) : (int)Tail, 2, budget - 2);
            int residuals = Residuals < 1 ? (int)(Residuals * (budget - tail)) : (int)Residuals;
            return (tail, Math.Clamp(residuals, 1, budget - tail - 1));
        }

        internal float BiasOf(float weight) => weight == 1 ? 0 : (float)(Alpha * Math.Log(weight));

        internal float Join(float left, float right) => Merged == MergedScore.Max ? Math.Max(left, right) : left + right;
    }

    private sealed class Session(Options options) : CacheSession
    {
        private const int LeastBudget = 4;
        private readonly SelectionBuffers _buffers = new();
        private readonly SelectionBuffers _vectors = new();

        public override CacheSession Fork() => new Session(options);

        public override void AfterChunk(LayerCache layer, bool last)
        {
            int budget = layer.Resolve(options.Keep, layer.PromptLength, LeastBudget);
            (int tail, int residuals) = options.Split(budget);
            for (int head = 0; last && head < layer.KvHeads; head++)
            {
                Lane lane = layer[head];
                if (lane.Length > budget)
                    Compress(lane, layer.Position - tail, residuals, budget - tail - residuals, layer.Shape.HeadDim);
                else if (!lane.Flags.Contains(Residual))
                    lane.Flags[..Math.Min(residuals, lane.Length)].Fill(Residual);
            }
        }

        public override void AfterStep(LayerCache layer)
        {
            int budget = layer.Resolve(options.Keep, layer.PromptLength, LeastBudget);
            (int tail, int residuals) = options.Split(budget);
            for (int head = 0; head < layer.KvHeads; head++)
            {
                Lane lane = layer[head];
                // A text that began within its budget: the first tokens become the residual slots.
                if (lane.Length <= residuals)
                    lane.Flags[^1] = Residual;
                while (lane.Length > budget)
                    MergeLightest(lane, layer.Position - tail, layer.Shape.HeadDim);
            }
        }

        /// <summary>After a prompt: the best stay, and the rest, in the order of the text, is averaged in as many groups as there are residual slots.</summary>
        private void Compress(Lane lane, int oldestTail, int residuals, int context, int dim)
        {
            int length = lane.Length, rest = 0;
            Span<float> scores = _buffers.Scores(length);
            for (int slot = 0; slot < length; slot++)
            {
                bool isTail = lane.Positions[slot] >= oldestTail;
                rest += isTail ? 0 : 1;
                scores[slot] = isTail ? float.PositiveInfinity : lane.Flags[slot] == Residual ? float.NegativeInfinity : lane.Scores[slot];
            }

            int kept = length - rest + context;
            Span<int> slots = _buffers.Slots(kept + residuals);
            TopEntries.Select(scores, kept, slots, _buffers.Keys(length));
            foreach (int slot in slots[..kept])
                scores[slot] = float.NaN;
            (rest, int seen, int group) = (length - kept, 0, -1);
            for (int slot = 0; slot < length; slot++)
            {
                if (float.IsNaN(scores[slot]))
                    continue;
                // The first groups are one larger when the rest does not divide evenly.
                int own = GroupOf(seen++, rest, residuals);
                if (own != group)
                    slots[kept + (group = own)] = slot;
                else
                    Merge(lane, slot, slots[kept + group], dim);
                lane.Flags[slot] = Residual;
            }

            slots = slots[..(kept + group + 1)];
            slots.Sort();
            lane.Keep(slots);
        }

        private static int GroupOf(int index, int count, int groups)
        {
            int size = count / groups, larger = count % groups;
            return index < larger * (size + 1) ? index / (size + 1) : larger + ((index - (larger * (size + 1))) / Math.Max(1, size));
        }

        private void MergeLightest(Lane lane, int oldestTail, int dim)
        {
            int victim = -1;
            ReadOnlySpan<int> positions = lane.Positions;
            Span<float> scores = lane.Scores;
            Span<byte> flags = lane.Flags;
            for (int slot = 0; slot < positions.Length; slot++)
            {
                if (positions[slot] < oldestTail && flags[slot] != Residual && (victim < 0 || scores[slot] < scores[victim]))
                    victim = slot;
            }

            Merge(lane, victim, Nearest(lane, victim, dim), dim);
            lane.Remove(victim);
        }

        private int Nearest(Lane lane, int victim, int dim)
        {
            Span<float> keys = _vectors.Rows(2 * dim), key = keys[..dim], other = keys[dim..];
            lane.ReadKey(victim, key);
            (int nearest, float best) = (-1, float.NegativeInfinity);
            for (int slot = 0; slot < lane.Length; slot++)
            {
                if (lane.Flags[slot] != Residual)
                    continue;
                lane.ReadKey(slot, other);
                float distance = options.Similarity == KeySimilarity.Dot ? 0 : TensorPrimitives.Distance<float>(key, other);
                float likeness = options.Similarity == KeySimilarity.Dot ? TensorPrimitives.Dot<float>(key, other) : -distance * distance;
                if (nearest < 0 || likeness > best)
                    (nearest, best) = (slot, likeness);
            }

            return nearest;
        }

        /// <summary>Averages an entry into another by their weights; the entry itself stays for the caller to drop.</summary>
        private void Merge(Lane lane, int from, int into, int dim)
        {
            Span<float> memory = _vectors.Rows(4 * dim);
            Span<float> key = memory[..dim], value = memory.Slice(dim, dim), addedKey = memory.Slice(2 * dim, dim), addedValue = memory.Slice(3 * dim, dim);
            lane.ReadKey(into, key);
            lane.ReadValue(into, value);
            lane.ReadKey(from, addedKey);
            lane.ReadValue(from, addedValue);
            float weight = lane.Weights[into] + lane.Weights[from], share = lane.Weights[from] / weight;
            Blend(key, addedKey, share);
            Blend(value, addedValue, share);
            lane.Scores[into] = options.Join(lane.Scores[into], lane.Scores[from]);
            lane.Replace(into, key, value, weight, options.BiasOf(weight));
        }

        private static void Blend(Span<float> mean, Span<float> added, float share)
        {
            TensorPrimitives.Subtract(added, mean, added);
            TensorPrimitives.MultiplyAdd(added, share, mean, mean);
        }
    }
}
