using System.Numerics;
using System.Numerics.Tensors;
using Winnow.Caching.Storage;

namespace Winnow.Caching.Policies;

/// <summary>
/// Keeps the newest entries and those with the highest decayed attention mass; an entry that has to leave is not deleted but averaged into its most similar
/// residual entry, whose attention logit grows with the logarithm of the tokens it stands for.
/// Liu et al. 2025, "ZeroMerge: Parameter-Free KV Cache Compression for Memory-Efficient Long-Context LLMs" (also ZSMerge), arXiv 2503.10714.
/// </summary>
public sealed class ZeroMerge : CachePolicy
{
    private const byte Residual = 1;
    private readonly Options _options;

    /// <summary>Creates the policy.</summary>
    public ZeroMerge(Options options)
    {
        _options = options;
        Needs = options.Keep.IsUnlimited ? new PolicyNeeds() : new PolicyNeeds
        {
            Fields = EntryFields.Weights | EntryFields.Flags,
            Observer = new AttentionObserver { Decay = options.Decay },
        };
    }

    /// <summary>How alike two keys are.</summary>
    public enum KeySimilarity
    {
        /// <summary>Their inner product, which favours long residual keys.</summary>
        Dot,

        /// <summary>The smaller their distance, the more.</summary>
        Distance,
    }

    /// <summary>Score of an entry that stands for several.</summary>
    public enum MergedScore
    {
        /// <summary>The highest of its members.</summary>
        Max,

        /// <summary>Their sum.</summary>
        Sum,
    }

    /// <summary>What the residual entries begin with when a prompt fits the budget and the answer outgrows it.</summary>
    public enum ResidualSeed
    {
        /// <summary>The first tokens of the text, as the paper's program does.</summary>
        First,

        /// <summary>The first tokens that have to leave, so that nothing is averaged into the attention sink.</summary>
        ProtectSink,
    }

    /// <summary>The policy in the catalogue.</summary>
    public static PolicyDescriptor Descriptor { get; } = new()
    {
        Name = "zeromerge",
        Summary = "keeps the newest and the most attended entries, and averages the others into a few",
        Paper = "Liu et al. 2025, arXiv 2503.10714",
        Options =
        [
            new PolicyOption("tail", "0.1", "newest entries: a count, or below 1 a share of keep"),
            new PolicyOption("residual", "1", "entries that take up the others: a count, or below 1 a share of keep without tail; 0 to drop the others"),
            new PolicyOption("alpha", "1", "a merged entry of w tokens has alpha × log w added to its logit; 0 to 1"),
            new PolicyOption("decay", "0.98", "factor on scores for each token; above 0, at most 1"),
            new PolicyOption("similarity", "dot", "dot or distance: which residual entry an entry is merged into"),
            new PolicyOption("merged-score", "max", "max or sum: score of a merged entry"),
            new PolicyOption("seed", "first", "first or protect-sink: what residual entries begin with when the prompt fits the budget"),
        ],
        Survives = CacheFeatures.Fork | CacheFeatures.QuantisedEntries | CacheFeatures.GroupedQueries | CacheFeatures.SlidingWindow
            | CacheFeatures.ChunkedPrefill | CacheFeatures.PrefixReuse,
        Build = arguments => new ZeroMerge(new Options
        {
            Keep = arguments.Keep,
            Tail = Share.Read(arguments, "tail", 0.1),
            Residuals = Share.Read(arguments, "residual", 1),
            Alpha = (float)arguments.Number("alpha", 1, 0, 1),
            Decay = (float)arguments.Number("decay", 0.98, 1e-6, 1),
            Similarity = arguments.Choice("similarity", KeySimilarity.Dot),
            Score = arguments.Choice("merged-score", MergedScore.Max),
            Seed = arguments.Choice("seed", ResidualSeed.First),
        }),
    };

    /// <inheritdoc/>
    public override PolicyNeeds Needs { get; }

    /// <inheritdoc/>
    public override CacheSession? Start() => _options.Keep.IsUnlimited ? null : new Session(_options);

    /// <summary>A count of entries, or below 1 a share of some number of them.</summary>
    /// <param name="Amount">Zero or more.</param>
    public readonly record struct Share(double Amount)
    {
        /// <summary>Entries out of <paramref name="whole"/>; parts of an entry do not count.</summary>
        public int Of(int whole) => (int)Math.Min(Amount < 1 ? Amount * whole + 1e-9 : Amount, int.MaxValue);

        internal static Share Read(PolicyArguments arguments, string key, double otherwise)
        {
            double amount = arguments.Number(key, otherwise, 0, int.MaxValue);
            return amount < 1 || amount == Math.Floor(amount)
                ? new Share(amount)
                : throw new WinnowException($"option '{key}' of cache policy 'zeromerge' is {arguments.Text(key, "")}; it must be a whole number or below 1");
        }
    }

    /// <summary>Sizes and variants.</summary>
    public sealed record Options
    {
        /// <summary>Entries of a lane, B: residual, chosen and newest ones.</summary>
        public Budget Keep { get; init; }

        /// <summary>Newest entries, of B.</summary>
        public Share Tail { get; init; } = new(0.1);

        /// <summary>Residual entries, of B without the newest.</summary>
        public Share Residuals { get; init; } = new(1);

        /// <summary>A merged entry of w tokens has this × log w added to its logit; at most 1, so that it never outweighs its members.</summary>
        public float Alpha { get; init; } = 1;

        /// <summary>Factor on scores for each token that follows.</summary>
        public float Decay { get; init; } = 0.98f;

        /// <summary>Which residual entry an entry is merged into.</summary>
        public KeySimilarity Similarity { get; init; }

        /// <summary>Score of a merged entry.</summary>
        public MergedScore Score { get; init; }

        /// <summary>What residual entries begin with.</summary>
        public ResidualSeed Seed { get; init; }

        /// <summary>Splits a lane's budget; at least one chosen entry remains beside at least two newest.</summary>
        /// <param name="budget">B, at least 4.</param>
        internal (int Tail, int Residuals, int Chosen) Split(int budget)
        {
            int tail = Math.Clamp(Tail.Of(budget), 2, budget - 2);
            int residuals = Residuals.Amount == 0 ? 0 : Math.Clamp(Residuals.Of(budget - tail), 1, budget - 3);
            tail = Math.Min(tail, budget - residuals - 1);
            return (tail, residuals, budget - residuals - tail);
        }

        internal float Bias(float weight) => weight == 1 ? 0 : Alpha * MathF.Log(weight);

        internal float Join(float a, float b) => Score == MergedScore.Max ? MathF.Max(a, b) : a + b;
    }

    private sealed class Session(Options options) : CacheSession
    {
        private readonly SelectionBuffers _buffers = new();

        public override CacheSession Fork() => new Session(options);

        public override void AfterChunk(LayerCache layer, bool last)
        {
            int budget = BudgetOf(layer);
            for (int head = 0; last && head < layer.KvHeads; head++)
            {
                if (layer[head].Length > budget)
                    Compress(layer, layer[head], budget);
            }
        }

        public override void AfterStep(LayerCache layer)
        {
            int budget = BudgetOf(layer);
            (int tail, int residuals, _) = options.Split(budget);
            for (int head = 0; head < layer.KvHeads; head++)
            {
                Lane lane = layer[head];
                if (lane.Length <= budget - residuals)
                    continue;
                int present = lane.Flags.Count(Residual);
                int free = options.Seed == ResidualSeed.ProtectSink ? Math.Max(0, residuals - present) : 0;
                while (lane.Length > budget - free)
                {
                    if (present == 0 && free == 0)
                        present = SeedWithFirst(lane, residuals);
                    int victim = Lightest(lane, layer.Position - tail);
                    if (Absorb(layer, lane, victim, free > 0 ? residuals : present))
                        lane.Remove(victim);
                    else
                        (present, free) = (present + 1, free - 1);
                }
            }
        }

        private int BudgetOf(LayerCache layer) => layer.Resolve(options.Keep, layer.PromptLength, 4);

        /// <summary>Cuts a lane to its budget after a prompt.</summary>
        private void Compress(LayerCache layer, Lane lane, int budget)
        {
            (int tail, int residuals, int chosen) = options.Split(budget);
            int length = lane.Length, oldestTail = layer.Position - tail;
            bool fresh = !lane.Flags.Contains(Residual);
            Span<float> scores = _buffers.Scores(length);
            for (int slot = 0; slot < length; slot++)
            {
                bool stays = lane.Positions[slot] >= oldestTail || lane.Flags[slot] == Residual;
                scores[slot] = stays ? float.PositiveInfinity : lane.Scores[slot];
            }

            // Slots best first: what must stay, the chosen ones, and behind them the leftovers.
            int kept = scores.Count(float.PositiveInfinity) + chosen;
            Span<int> slots = _buffers.Slots(length);
            TopEntries.Rank(scores, length, slots, _buffers.Keys(length));
            kept = Math.Min(kept, length);
            Span<int> leftovers = slots[kept..];
            leftovers.Sort();
            leftovers = leftovers[..RetainVisible(layer, lane, leftovers)];
            kept += fresh ? MergeGroups(layer, lane, leftovers, residuals, slots[kept..]) : AbsorbAll(layer, lane, leftovers, residuals, slots[kept..]);
            slots[..kept].Sort();
            lane.Keep(slots[..kept]);
        }

        /// <summary>Leaves out entries that the layer's window has passed: to merge them would bring them back into sight.</summary>
        private static int RetainVisible(LayerCache layer, Lane lane, Span<int> slots)
        {
            int count = 0;
            foreach (int slot in slots)
            {
                if (IsVisible(layer, lane, slot))
                    slots[count++] = slot;
            }

            return count;
        }

        private static bool IsVisible(LayerCache layer, Lane lane, int slot) =>
            layer.Shape.SlidingWindow == 0 || lane.Positions[slot] > layer.Position - layer.Shape.SlidingWindow;

        /// <summary>Makes one residual entry of each of several groups of neighbours, in the slot of the group's first.</summary>
        /// <returns>How many slots were written to <paramref name="kept"/>, which may overlap <paramref name="leftovers"/>.</returns>
        private int MergeGroups(LayerCache layer, Lane lane, ReadOnlySpan<int> leftovers, int residuals, Span<int> kept)
        {
            int groups = Math.Min(residuals, leftovers.Length), start = 0;
            for (int group = 0; group < groups; group++)
            {
                int size = leftovers.Length / groups + (group < leftovers.Length % groups ? 1 : 0);
                int first = leftovers[start];
                Merge(layer, lane, leftovers.Slice(start, size));
                lane.Flags[first] = Residual;
                kept[group] = first;
                start += size;
            }

            return groups;
        }

        /// <summary>Merges entries one by one into residual entries of an earlier prompt.</summary>
        /// <returns>How many slots were written to <paramref name="kept"/>, which may overlap <paramref name="leftovers"/>.</returns>
        private int AbsorbAll(LayerCache layer, Lane lane, ReadOnlySpan<int> leftovers, int residuals, Span<int> kept)
        {
            int count = 0;
            foreach (int slot in leftovers)
            {
                if (!Absorb(layer, lane, slot, residuals))
                    kept[count++] = slot;
            }

            return count;
        }

        /// <summary>Makes residual entries of the first tokens of the text.</summary>
        private static int SeedWithFirst(Lane lane, int residuals)
        {
            for (int count = 0; count < residuals; count++)
            {
                int first = -1;
                for (int slot = 0; slot < lane.Length; slot++)
                {
                    if (lane.Flags[slot] != Residual && (first < 0 || lane.Positions[slot] < lane.Positions[first]))
                        first = slot;
                }

                lane.Flags[first] = Residual;
            }

            return residuals;
        }

        /// <summary>Merges an entry into its most similar residual entry, or makes it one while there are too few.</summary>
        /// <returns>Whether its slot is free now.</returns>
        private bool Absorb(LayerCache layer, Lane lane, int victim, int residuals)
        {
            if (residuals == 0 || !IsVisible(layer, lane, victim))
                return true;
            if (lane.Flags.Count(Residual) < residuals)
            {
                lane.Flags[victim] = Residual;
                return false;
            }

            Merge(layer, lane, [residuals == 1 ? lane.Flags.IndexOf(Residual) : MostSimilar(layer, lane, victim), victim]);
            return true;
        }

        private int MostSimilar(LayerCache layer, Lane lane, int victim)
        {
            int headDim = layer.Shape.HeadDim, best = -1;
            Span<float> rows = _buffers.Rows(2 * headDim), key = rows[..headDim], other = rows[headDim..];
            lane.ReadKey(victim, key);
            float highest = float.NegativeInfinity;
            for (int slot = 0; slot < lane.Length; slot++)
            {
                if (lane.Flags[slot] != Residual)
                    continue;
                lane.ReadKey(slot, other);
                float similarity = options.Similarity == KeySimilarity.Dot
                    ? TensorPrimitives.Dot<float>(key, other)
                    : -TensorPrimitives.Distance<float>(key, other);
                if (best < 0 || similarity > highest)
                    (best, highest) = (slot, similarity);
            }

            return best;
        }

        /// <summary>Puts the weighted mean of several entries into the slot of the first; the others' slots stay as they are.</summary>
        private void Merge(LayerCache layer, Lane lane, ReadOnlySpan<int> members)
        {
            int headDim = layer.Shape.HeadDim;
            Span<float> rows = _buffers.Rows(3 * headDim), row = rows[..headDim], key = rows.Slice(headDim, headDim), value = rows[(2 * headDim)..];
            rows.Clear();
            float weight = 0, score = lane.Scores[members[0]];
            foreach (int slot in members)
            {
                float own = lane.Weights[slot];
                lane.ReadKey(slot, row);
                TensorPrimitives.MultiplyAdd(row, own, key, key);
                lane.ReadValue(slot, row);
                TensorPrimitives.MultiplyAdd(row, own, value, value);
                weight += own;
                if (slot != members[0])
                    score = options.Join(score, lane.Scores[slot]);
            }

            TensorPrimitives.Divide(key, weight, key);
            TensorPrimitives.Divide(value, weight, value);
            lane.Replace(members[0], key, value, weight, options.Bias(weight));
            lane.Scores[members[0]] = score;
        }

        /// <summary>The entry of the lowest score that is neither residual nor at or after a position; the lowest slot among equals.</summary>
        private int Lightest(Lane lane, int below)
        {
            ReadOnlySpan<int> positions = lane.Positions;
            ReadOnlySpan<float> scores = lane.Scores;
            Span<float> ranked = _buffers.Scores(lane.Length);
            Vector<int> bound = new(below);
            Vector<float> never = new(float.PositiveInfinity);
            int slot = 0;
            for (; slot <= ranked.Length - Vector<float>.Count; slot += Vector<float>.Count)
            {
                Vector<int> older = Vector.LessThan(new Vector<int>(positions[slot..]), bound);
                Vector.ConditionalSelect(older, new Vector<float>(scores[slot..]), never).CopyTo(ranked[slot..]);
            }

            for (; slot < ranked.Length; slot++)
                ranked[slot] = positions[slot] < below ? scores[slot] : float.PositiveInfinity;
            ReadOnlySpan<byte> flags = lane.Flags;
            for (int next = flags.IndexOf(Residual), start = 0; next >= 0; next = flags[start..].IndexOf(Residual))
            {
                start += next + 1;
                ranked[start - 1] = float.PositiveInfinity;
            }

            return TensorPrimitives.IndexOfMin<float>(ranked);
        }
    }
}
