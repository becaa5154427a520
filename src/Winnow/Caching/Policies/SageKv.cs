using System.Numerics;
using Winnow.Caching.Storage;

namespace Winnow.Caching.Policies;

/// <summary>
/// Ranks the middle of the prompt once, by the query of its last token and separately for each query head, and keeps the best beside the first and the newest
/// tokens. Nothing is scored while the answer is written. Wang et al. 2025, "LLMs Know What to Drop: Self-Attention Guided KV Cache Eviction", arXiv
/// 2503.08879.
/// </summary>
public sealed class SageKv : CachePolicy
{
    private readonly Options _options;

    /// <summary>Creates the policy.</summary>
    public SageKv(Options options)
    {
        _options = options;
        Needs = options.Keep.IsUnlimited ? new PolicyNeeds() : new PolicyNeeds
        {
            RecentQueries = 1,
            Fields = options.View == GroupView.PerQueryHead ? EntryFields.HeadMasks : EntryFields.None,
        };
    }

    /// <summary>What the query heads of a group see of the entries that their lane keeps.</summary>
    public enum GroupView
    {
        /// <summary>Each its own choice; the lane stores the union.</summary>
        PerQueryHead,

        /// <summary>All of them the union.</summary>
        GroupUnion,

        /// <summary>One choice for all, by the sum of their logits: a different method, for comparison.</summary>
        GroupSum,

        /// <summary>One choice for all, by the sum of their probabilities among the candidates; it may differ from that by logits.</summary>
        GroupMass,
    }

    /// <summary>The policy in the catalogue.</summary>
    public static PolicyDescriptor Descriptor { get; } = new()
    {
        Name = "sage-kv",
        Summary = "keeps what each query head of the prompt's last token looks at, once",
        Paper = "Wang et al. 2025, arXiv 2503.08879",
        Options =
        [
            new PolicyOption("view", "per-query-head", "per-query-head, group-union, group-sum or group-mass: who sees what in a group"),
            new PolicyOption("sink", "a quarter of keep", "first tokens that always stay"),
            new PolicyOption("k", "keep / (2 × group), rounded down to a power of two", "entries that each query head chooses"),
            new PolicyOption("fill", "true", "let heads choose on until the lane's budget is used, where their choices overlap; false for the paper's fixed k"),
            new PolicyOption("grow", "false", "let the newest part grow while generating instead of sliding"),
        ],
        Survives = CacheFeatures.Fork | CacheFeatures.QuantisedEntries | CacheFeatures.GroupedQueries | CacheFeatures.SlidingWindow
            | CacheFeatures.ChunkedPrefill | CacheFeatures.PrefixReuse,
        Build = arguments => new SageKv(new Options
        {
            Keep = arguments.Keep,
            View = arguments.Choice("view", GroupView.PerQueryHead),
            Sink = arguments.OptionalInteger("sink", 0),
            Selected = arguments.OptionalInteger("k", 0),
            Fill = arguments.Flag("fill", true),
            GrowRecent = arguments.Flag("grow", false),
        }),
    };

    /// <inheritdoc/>
    public override PolicyNeeds Needs { get; }

    /// <summary>
    /// Splits a lane's budget into sink, entries for each query head, and recent ones: S = B/4, k = B/(2G) rounded down to a power of two, R the
    /// rest.
    /// </summary>
    /// <param name="budget">B, entries of a lane.</param>
    /// <param name="group">G, query heads of a lane.</param>
    public static (int Sink, int Selected, int Recent) Split(int budget, int group)
    {
        int sink = budget / 4;
        int half = budget / (2 * group);
        int selected = half == 0 ? 0 : 1 << BitOperations.Log2((uint)half);
        return (sink, selected, Math.Max(1, budget - sink - group * selected));
    }

    /// <inheritdoc/>
    public override CacheSession? Start() => _options.Keep.IsUnlimited ? null : new Session(_options, []);

    /// <summary>Sizes and variants.</summary>
    public sealed record Options
    {
        /// <summary>Entries of a lane: sink, chosen and recent.</summary>
        public Budget Keep { get; init; }

        /// <summary>Who sees what.</summary>
        public GroupView View { get; init; }

        /// <summary>First tokens, when not a quarter of the budget.</summary>
        public int? Sink { get; init; }

        /// <summary>Entries that each query head chooses, when not by the rule of <see cref="Split"/>.</summary>
        public int? Selected { get; init; }

        /// <summary>
        /// Whether heads whose choices overlap go on choosing, best first and in turn, until their lane holds group × k chosen entries. Without it a lane stays
        /// below its budget by as much as its heads agree.
        /// </summary>
        public bool Fill { get; init; }

        /// <summary>Whether the recent part grows while generating.</summary>
        public bool GrowRecent { get; init; }
    }

    private sealed class Session(Options options, HashSet<int> compressedLayers) : CacheSession
    {
        private readonly SelectionBuffers _buffers = new();

        public override CacheSession Fork() => new Session(options, [.. compressedLayers]);

        public override void AfterChunk(LayerCache layer, bool last)
        {
            if (last)
                Compress(layer);
        }

        public override void BeforeAttention(LayerCache layer)
        {
            if (options.GrowRecent || !compressedLayers.Contains(layer.Layer))
                return;
            int leaving = layer.Position - 2 - Sizes(layer).Recent;
            for (int head = 0; head < layer.KvHeads; head++)
            {
                int slot = layer[head].Positions.IndexOf(leaving);
                if (slot >= 0)
                    layer[head].Remove(slot);
            }
        }

        public override void AfterStep(LayerCache layer)
        {
            // A prompt within the budget that outgrows it while answering is compressed then, by the query at hand.
            if (!compressedLayers.Contains(layer.Layer))
                Compress(layer);
        }

        public override void Save(BinaryWriter writer)
        {
            writer.Write(compressedLayers.Count);
            foreach (int layer in compressedLayers)
                writer.Write(layer);
        }

        public override void Load(BinaryReader reader)
        {
            for (int left = reader.ReadInt32(); left > 0; left--)
                compressedLayers.Add(reader.ReadInt32());
        }

        private int BudgetOf(LayerCache layer) => layer.Resolve(options.Keep, layer.PromptLength, 4 * layer.Shape.GroupSize);

        private (int Sink, int Selected, int Recent) Sizes(LayerCache layer)
        {
            int budget = BudgetOf(layer), group = layer.Shape.GroupSize;
            (int sink, int selected, int recent) = Split(budget, group);
            if (options.Sink is null && options.Selected is null)
                return (sink, selected, recent);
            (sink, selected) = (options.Sink ?? sink, options.Selected ?? selected);
            return (sink, selected, Math.Max(1, budget - sink - group * selected));
        }

        private void Compress(LayerCache layer)
        {
            int budget = BudgetOf(layer);
            for (int head = 0; head < layer.KvHeads; head++)
            {
                if (layer[head].Length <= budget)
                    continue;
                CompressLane(layer, head);
                compressedLayers.Add(layer.Layer);
            }
        }

        private void CompressLane(LayerCache layer, int head)
        {
            Lane lane = layer[head];
            (int sink, int selected, int recent) = Sizes(layer);
            int length = lane.Length, group = layer.Shape.GroupSize;
            Span<float> logits = _buffers.Rows(group * length);
            layer.Logits(head, 1, logits);
            Span<uint> seen = _buffers.Masks(length);
            seen.Clear();
            for (int slot = 0; slot < length; slot++)
            {
                bool always = lane.Positions[slot] < sink || lane.Positions[slot] >= layer.Position - 1 - recent;
                if (!always)
                    continue;
                seen[slot] = uint.MaxValue;
                // Always there, so never a candidate.
                for (int g = 0; g < group; g++)
                    logits[g * length + slot] = float.NaN;
            }

            if (options.View == GroupView.GroupMass)
                ToProbabilities(logits, length);
            if (options.View is GroupView.GroupSum or GroupView.GroupMass)
                Choose(SumRows(logits, group, length), 1, group * selected, seen);
            else
                Choose(logits, group, selected, seen);
            KeepSeen(lane, seen);
        }

        /// <summary>
        /// Marks in <paramref name="seen"/> what each row chooses: its <paramref name="count"/> best, and more in turn while the budget lasts.
        /// </summary>
        private void Choose(ReadOnlySpan<float> rows, int heads, int count, Span<uint> seen)
        {
            int length = seen.Length, candidates = seen.Count(0u), chosen = 0;
            Span<int> ranked = _buffers.Slots(heads * length);
            for (int head = 0; head < heads; head++)
                TopEntries.Rank(rows.Slice(head * length, length), length, ranked.Slice(head * length, length), _buffers.Keys(length));
            int most = Math.Min(candidates, heads * count);
            for (int rank = 0; rank < candidates && (rank < count || (options.Fill && chosen < most)); rank++)
            {
                for (int head = 0; head < heads && (rank < count || chosen < most); head++)
                {
                    ref uint mask = ref seen[ranked[head * length + rank]];
                    chosen += mask == 0 ? 1 : 0;
                    mask |= options.View == GroupView.PerQueryHead ? 1u << head : uint.MaxValue;
                }
            }
        }

        /// <summary>Softmax of each row over its candidates; what is always there stays NaN.</summary>
        private static void ToProbabilities(Span<float> rows, int length)
        {
            for (int start = 0; start < rows.Length; start += length)
            {
                Span<float> row = rows.Slice(start, length);
                float highest = float.NegativeInfinity, sum = 0;
                foreach (float logit in row)
                    highest = MathF.Max(highest, float.IsNaN(logit) ? highest : logit);
                foreach (ref float logit in row)
                {
                    logit = MathF.Exp(logit - highest);
                    sum += float.IsNaN(logit) ? 0 : logit;
                }

                System.Numerics.Tensors.TensorPrimitives.Divide(row, sum, row);
            }
        }

        private static Span<float> SumRows(Span<float> rows, int count, int length)
        {
            for (int row = 1; row < count; row++)
                System.Numerics.Tensors.TensorPrimitives.Add(rows[..length], rows.Slice(row * length, length), rows[..length]);
            return rows[..length];
        }

        private void KeepSeen(Lane lane, ReadOnlySpan<uint> seen)
        {
            Span<int> slots = _buffers.Slots(lane.Length);
            int kept = 0;
            for (int slot = 0; slot < seen.Length; slot++)
            {
                if (seen[slot] != 0)
                    slots[kept++] = slot;
            }

            lane.Keep(slots[..kept]);
            Span<uint> masks = lane.HeadMasks;
            for (int i = 0; i < masks.Length; i++)
                masks[i] = seen[slots[i]];
        }
    }
}
