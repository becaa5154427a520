using System.Numerics.Tensors;
using Winnow.Caching.Storage;

namespace Winnow.Caching.Policies;

/// <summary>
/// Keeps everything and reads little of it: before each generated token's attention, the channel-wise bounds of the keys of each run of entries give an upper
/// bound on what the query can attend to there, and only the best runs are read.
/// Tang et al. 2024, "Quest: Query-Aware Sparsity for Efficient Long-Context LLM Inference", arXiv 2406.10774.
/// </summary>
public sealed class Quest : CachePolicy
{
    private readonly int _page;
    private readonly int _skip;
    private readonly GroupBound _bound;
    private readonly Budget _keep;

    /// <summary>Creates the policy.</summary>
    /// <param name="page">Entries that are read or left as one.</param>
    /// <param name="skip">First layers that read everything.</param>
    /// <param name="bound">How the bounds of a group's query heads become one.</param>
    /// <param name="keep">Entries of a lane that a generated token reads.</param>
    public Quest(int page, int skip, GroupBound bound, Budget keep)
    {
        (_page, _skip, _bound, _keep) = (page, skip, bound, keep);
        Needs = keep.IsUnlimited ? new PolicyNeeds() : new PolicyNeeds { RecentQueries = 1 };
    }

    /// <summary>How the bounds of the query heads that share a lane become one.</summary>
    public enum GroupBound
    {
        /// <summary>The largest: what any head wants is read.</summary>
        Max,

        /// <summary>Their sum.</summary>
        Sum,
    }

    /// <summary>The policy in the catalogue.</summary>
    public static PolicyDescriptor Descriptor { get; } = new()
    {
        Name = "quest",
        Summary = "keeps everything, and reads only the pages whose keys can matter to the query",
        Paper = "Tang et al. 2024, arXiv 2406.10774",
        Options =
        [
            new PolicyOption("page", "16", "entries that are read or left as one"),
            new PolicyOption("skip", "2", "first layers that read everything"),
            new PolicyOption("bound", "max", "how the bounds of a group's query heads become one: max or sum"),
        ],
        Survives = CacheFeatures.Fork | CacheFeatures.Rollback | CacheFeatures.QuantisedEntries | CacheFeatures.GroupedQueries | CacheFeatures.SlidingWindow
            | CacheFeatures.ChunkedPrefill | CacheFeatures.PrefixReuse,
        KeepsEverything = true,
        Build = arguments => new Quest(
            arguments.Integer("page", 16, 1, 1024), arguments.Integer("skip", 2, 0), arguments.Choice("bound", GroupBound.Max), arguments.Keep),
    };

    /// <inheritdoc/>
    public override PolicyNeeds Needs { get; }

    /// <inheritdoc/>
    public override CacheSession? Start() => _keep.IsUnlimited ? null : new Session(this, []);

    /// <summary>Bounds of the keys of a lane's complete pages.</summary>
    private sealed class Bounds
    {
        private float[] _values = [];

        public int Pages { get; private set; }

        public long Bytes => (long)_values.Length * sizeof(float);

        /// <summary>[least of each channel, greatest of each channel] of a page.</summary>
        public ReadOnlySpan<float> Of(int page, int dim) => _values.AsSpan(page * 2 * dim, 2 * dim);

        public void Cover(Lane lane, int pageSize, int dim)
        {
            int complete = lane.Length / pageSize;
            if (_values.Length < complete * 2 * dim)
                Array.Resize(ref _values, Math.Max(complete, (Pages * 3 / 2) + 16) * 2 * dim);
            Span<float> key = stackalloc float[dim];
            for (; Pages < complete; Pages++)
            {
                Span<float> least = _values.AsSpan(Pages * 2 * dim, dim), greatest = _values.AsSpan((Pages * 2 * dim) + dim, dim);
                least.Fill(float.PositiveInfinity);
                greatest.Fill(float.NegativeInfinity);
                for (int slot = Pages * pageSize; slot < (Pages + 1) * pageSize; slot++)
                {
                    lane.ReadKey(slot, key);
                    TensorPrimitives.Min(least, key, least);
                    TensorPrimitives.Max(greatest, key, greatest);
                }
            }
        }

        public void Forget(int pages) => Pages = Math.Min(Pages, pages);

        public Bounds Clone() => new() { _values = [.. _values], Pages = Pages };
    }

    private sealed class Session(Quest policy, Dictionary<int, Bounds> bounds) : CacheSession
    {
        private readonly SelectionBuffers _buffers = new();
        private ulong[] _words = [];

        public override long StateBytes => bounds.Values.Sum(lane => lane.Bytes);

        public override CacheSession Fork() => new Session(policy, bounds.ToDictionary(pair => pair.Key, pair => pair.Value.Clone()));

        public override void Truncate(int position)
        {
            foreach (Bounds lane in bounds.Values)
                lane.Forget(position / policy._page);
        }

        public override void BeforeAttention(LayerCache layer)
        {
            int budget = layer.Resolve(policy._keep, layer.PromptLength, policy._page);
            if (layer.Layer < policy._skip || layer[0].Length <= budget)
                return;
            for (int head = 0; head < layer.KvHeads; head++)
            {
                int index = (layer.Layer * layer.KvHeads) + head;
                if (!bounds.TryGetValue(index, out Bounds? lane))
                    bounds[index] = lane = new Bounds();
                lane.Cover(layer[head], policy._page, layer.Shape.HeadDim);
                layer[head].Read(Choose(layer, head, lane, budget));
            }
        }

        /// <summary>One bit a slot: the best complete pages, and what is newer than the last of them.</summary>
        private ReadOnlySpan<ulong> Choose(LayerCache layer, int head, Bounds lane, int budget)
        {
            int length = layer[head].Length, newest = length - (lane.Pages * policy._page);
            int count = Math.Clamp((budget - newest) / policy._page, 0, lane.Pages);
            Span<float> scores = _buffers.Scores(lane.Pages);
            Score(layer, head, lane, scores);
            Span<int> pages = _buffers.Slots(count);
            TopEntries.Select(scores, count, pages, _buffers.Keys(lane.Pages));
            int words = KvLayout.PagesFor(length);
            if (_words.Length < words)
                _words = new ulong[words * 3 / 2];
            Span<ulong> read = _words.AsSpan(0, words);
            read.Clear();
            foreach (int page in pages)
                Mark(read, page * policy._page, policy._page);
            Mark(read, length - newest, newest);
            return read;
        }

        /// <summary>Σ max(q·least, q·greatest) over the channels: the positive part of q meets the greatest, the negative part the least.</summary>
        private void Score(LayerCache layer, int head, Bounds lane, Span<float> scores)
        {
            int dim = layer.Shape.HeadDim, group = layer.Shape.GroupSize;
            ReadOnlySpan<float> queries = layer.NewestQueries(1).Slice(head * group * dim, group * dim);
            Span<float> parts = _buffers.Rows(2 * dim);
            for (int row = 0; row < group; row++)
            {
                ReadOnlySpan<float> query = queries.Slice(row * dim, dim);
                TensorPrimitives.Min(query, 0, parts[..dim]);
                TensorPrimitives.Max(query, 0, parts[dim..]);
                for (int page = 0; page < scores.Length; page++)
                {
                    float bound = TensorPrimitives.Dot<float>(parts, lane.Of(page, dim));
                    scores[page] = row == 0 ? bound : policy._bound == GroupBound.Max ? MathF.Max(scores[page], bound) : scores[page] + bound;
                }
            }
        }

        private static void Mark(Span<ulong> words, int first, int count)
        {
            for (int slot = first; slot < first + count; slot++)
                words[slot / 64] |= 1ul << (slot % 64);
        }
    }
}
