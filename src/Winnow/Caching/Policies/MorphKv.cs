using System.Numerics.Tensors;
using Winnow.Caching.Storage;

namespace Winnow.Caching.Policies;

/// <summary>
/// Holds a cache at one size for answers of any length: at every step the last tokens vote which older one is needed least, and it leaves. As only recent queries
/// vote, what is kept follows the subject. Ghadia et al. 2025, "Dialogue Without Limits: Constant-Sized KV Caches for Extended Responses in LLMs", arXiv
/// 2503.00979.
/// </summary>
public sealed class MorphKv : CachePolicy
{
    private readonly Options _options;

    /// <summary>Creates the policy.</summary>
    public MorphKv(Options options)
    {
        _options = options;
        Needs = new PolicyNeeds { RecentQueries = options.Keep.IsUnlimited ? 0 : options.Window + 1 };
    }

    /// <summary>How the votes of a token's query heads become one.</summary>
    public enum GroupVote
    {
        /// <summary>The largest probability.</summary>
        MaxProb,

        /// <summary>The sum of the probabilities.</summary>
        SumProb,

        /// <summary>The probability by the sum of the logits, which rewards agreement.</summary>
        SumLogit,
    }

    /// <summary>How the votes of several tokens become one.</summary>
    public enum Fusion
    {
        /// <summary>Their sum.</summary>
        Sum,

        /// <summary>The largest.</summary>
        Max,
    }

    /// <summary>The policy in the catalogue.</summary>
    public static PolicyDescriptor Descriptor { get; } = new()
    {
        Name = "morphkv",
        Summary = "keeps the newest entries and those that the last tokens attend to, chosen anew at each step",
        Paper = "Ghadia et al. 2025, arXiv 2503.00979",
        Options =
        [
            new PolicyOption("window", "32", "last tokens, which vote and always stay"),
            new PolicyOption("fusion", "sum", "sum or max: how votes of several tokens are joined"),
            new PolicyOption("group", "max-prob", "max-prob, sum-prob or sum-logit: how votes of a group of query heads are joined"),
            new PolicyOption("evict-after", "1", "let the cache grow to this multiple of its size before it is cut back"),
            new PolicyOption("ring", "true", "remember the voters' attention; false works it out at each step, slower but without that memory"),
        ],
        Survives = CacheFeatures.Fork | CacheFeatures.QuantisedEntries | CacheFeatures.GroupedQueries | CacheFeatures.SlidingWindow
            | CacheFeatures.ChunkedPrefill | CacheFeatures.PrefixReuse,
        Build = arguments => new MorphKv(new Options
        {
            Keep = arguments.Keep,
            Window = arguments.Integer("window", 32, 1, 4096),
            Fusion = arguments.Choice("fusion", Fusion.Sum),
            Group = arguments.Choice("group", GroupVote.MaxProb),
            EvictAfter = arguments.Number("evict-after", 1, 1, 1000),
            Ring = arguments.Flag("ring", true),
        }),
    };

    /// <inheritdoc/>
    public override PolicyNeeds Needs { get; }

    /// <inheritdoc/>
    public override CacheSession? Start() => _options.Keep.IsUnlimited ? null : new Session(_options, []);

    /// <summary>Sizes and variants.</summary>
    public sealed record Options
    {
        /// <summary>Chosen and newest entries; the token being generated comes on top.</summary>
        public Budget Keep { get; init; }

        /// <summary>Newest entries that stay and whose queries vote.</summary>
        public int Window { get; init; } = 32;

        /// <summary>How votes of several tokens are joined.</summary>
        public Fusion Fusion { get; init; }

        /// <summary>How votes of a group of query heads are joined.</summary>
        public GroupVote Group { get; init; }

        /// <summary>The cache is cut back when it holds this many times its size.</summary>
        public double EvictAfter { get; init; } = 1;

        /// <summary>Whether the voters' attention is remembered from step to step.</summary>
        public bool Ring { get; init; } = true;

        /// <summary>Rows that a token contributes: one for each query head, unless their logits are added up.</summary>
        internal int RowsOf(int group) => Group == GroupVote.SumLogit ? 1 : group;

        internal (int Capacity, int Window) Sizes(LayerCache layer)
        {
            int capacity = layer.Resolve(Keep, layer.PromptLength, 2);
            return (capacity, capacity > Window + 1 ? Window : capacity / 2);
        }

        internal bool Evicts(int entries, int capacity) => entries >= (capacity + 1) * EvictAfter;
    }

    private sealed class Session(Options options, VoteRing?[] rings) : CacheSession
    {
        private readonly SelectionBuffers _buffers = new();
        private readonly VoteCounter _counter = new(options.Group, options.Fusion);
        private VoteRing?[] _rings = rings;

        public override long StateBytes => _rings.Sum(ring => ring?.Bytes ?? 0);

        public override CacheSession Fork() => new Session(options, [.. _rings.Select(ring => ring?.Clone())]);

        public override void AfterChunk(LayerCache layer, bool last)
        {
            if (!last)
                return;
            (int capacity, int window) = options.Sizes(layer);
            for (int head = 0; head < layer.KvHeads; head++)
            {
                RingOf(layer, head) = null;
                // The next step would evict with these very voters; doing it now lets memory fall before the answer begins.
                int length = layer[head].Length;
                if (length > capacity && options.Evicts(length + 1, capacity))
                    Recount(layer, head, capacity, window, nextPosition: layer.Position);
            }
        }

        public override void BeforeAttention(LayerCache layer)
        {
            (int capacity, int window) = options.Sizes(layer);
            for (int head = 0; head < layer.KvHeads; head++)
            {
                Lane lane = layer[head];
                if (RingOf(layer, head) is { } ring)
                    Advance(layer, head, ring);
                else if (lane.Length > capacity + 1 && options.Evicts(lane.Length, capacity))
                    Recount(layer, head, capacity, window, nextPosition: layer.Position - 1);
            }
        }

        public override void Save(BinaryWriter writer)
        {
            writer.Write(_rings.Length);
            foreach (VoteRing? ring in _rings)
            {
                writer.Write(ring is not null);
                ring?.Save(writer);
            }
        }

        public override void Load(BinaryReader reader)
        {
            int lanes = reader.ReadInt32();
            if (lanes is < 0 or > 1 << 20)
                throw new WinnowException($"the exported sequence remembers votes of {lanes} lanes: the file is damaged; export it again");
            _rings = new VoteRing?[lanes];
            for (int i = 0; i < lanes; i++)
                _rings[i] = reader.ReadBoolean() ? VoteRing.Load(reader) : null;
        }

        private ref VoteRing? RingOf(LayerCache layer, int head)
        {
            if (_rings.Length != layer.Layers * layer.KvHeads)
                _rings = new VoteRing?[layer.Layers * layer.KvHeads];
            return ref _rings[layer.Layer * layer.KvHeads + head];
        }

        /// <summary>One step with remembered votes: a row for the new query, and the entry with the fewest votes leaves.</summary>
        private void Advance(LayerCache layer, int head, VoteRing ring)
        {
            Lane lane = layer[head];
            int slot = ring.Advance(lane, layer.Position - 1, Exponentials(layer, head, 1), _counter);
            if (slot >= 0)
                lane.Remove(slot);
        }

        /// <summary>Works the votes out from the remembered queries, cuts the lane back, and starts a ring where each step will evict.</summary>
        /// <param name="layer">The layer.</param>
        /// <param name="head">The lane.</param>
        /// <param name="capacity">Entries that stay beside the token being generated.</param>
        /// <param name="window">Tokens before it that vote and stay.</param>
        /// <param name="nextPosition">Position of the token being generated, whether it is there yet or not.</param>
        private void Recount(LayerCache layer, int head, int capacity, int window, int nextPosition)
        {
            Lane lane = layer[head];
            int length = lane.Length, newer = layer.Position - nextPosition, remembered = Math.Min(window + newer, layer.RecentQueries);
            VoteRing.Shape shape = new(window, capacity - window, options.RowsOf(layer.Shape.GroupSize));
            // After an import only the current query may be left; it votes then.
            int voters = Math.Max(1, remembered - newer);
            Span<float> rows = Exponentials(layer, head, remembered), votes = _buffers.Scores(length);
            int candidates = _counter.Count(rows[..(voters * shape.RowsPerToken * length)], shape.RowsPerToken, lane.Positions, nextPosition - window, votes);
            ReadOnlySpan<int> origins = CutBack(lane, votes, length - candidates + Math.Min(candidates, shape.Distant));
            if (options.Ring && options.EvictAfter == 1 && shape.IsSane)
                RingOf(layer, head) = VoteRing.Start(lane, origins, rows, length, shape, layer.Position - 1, nextPosition);
        }

        /// <summary>Keeps the entries with the most votes.</summary>
        /// <returns>Slot of each kept entry before the cut.</returns>
        private ReadOnlySpan<int> CutBack(Lane lane, ReadOnlySpan<float> votes, int kept)
        {
            Span<int> slots = _buffers.Slots(kept);
            if (kept == votes.Length - 1)
            {
                int fewest = VoteCounter.Fewest(votes, lane.Positions);
                for (int slot = 0; slot < kept; slot++)
                    slots[slot] = slot == fewest ? kept : slot;
                lane.Remove(fewest);
            }
            else
            {
                TopEntries.Select(votes, kept, slots, _buffers.Keys(votes.Length));
                lane.Keep(slots);
            }

            return slots;
        }

        /// <summary>
        /// Attention of the newest queries on a lane before division by its sum, each row against its largest: [queries × rows of a query, lane length].
        /// </summary>
        private Span<float> Exponentials(LayerCache layer, int head, int queries)
        {
            int length = layer[head].Length, group = layer.Shape.GroupSize, perQuery = options.RowsOf(group);
            Span<float> rows = _buffers.Rows(checked(queries * group * length));
            layer.Logits(head, queries, rows);
            if (perQuery < group)
                AddGroups(rows, queries, group, length);
            for (int row = 0; row < queries * perQuery; row++)
                Exponentiate(rows.Slice(row * length, length));
            return rows[..(queries * perQuery * length)];
        }

        private static void AddGroups(Span<float> rows, int queries, int group, int length)
        {
            for (int query = 0; query < queries; query++)
            {
                Span<float> sum = rows.Slice(query * length, length);
                rows.Slice(query * group * length, length).CopyTo(sum);
                for (int member = 1; member < group; member++)
                    TensorPrimitives.Add(sum, rows.Slice((query * group + member) * length, length), sum);
            }
        }

        private static void Exponentiate(Span<float> row)
        {
            float highest = TensorPrimitives.Max(row);
            if (float.IsNegativeInfinity(highest))
                row.Clear();
            else
            {
                TensorPrimitives.Subtract(row, highest, row);
                TensorPrimitives.Exp(row, row);
            }
        }
    }
}
