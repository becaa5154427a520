using System.Numerics.Tensors;
using Winnow.Caching.Statistics;
using Winnow.Caching.Storage;

namespace Winnow.Caching.Policies;

/// <summary>
/// Keeps everything, and reads for each generated token only the pages of entries that may matter to it: the smallest and the largest value of every key channel
/// in a page bound what any key in it can score. The budget is what is read, not what is held. Prompts read everything.
/// Tang et al. 2024, "Quest: Query-Aware Sparsity for Efficient Long-Context LLM Inference", arXiv 2406.10774.
/// </summary>
public sealed class Quest : CachePolicy
{
    private readonly Options _options;

    /// <summary>Creates the policy.</summary>
    public Quest(Options options)
    {
        _options = options;
        Needs = new PolicyNeeds { RecentQueries = options.Keep.IsUnlimited ? 0 : 1 };
    }

    /// <summary>How the query heads of a group rank a page.</summary>
    public enum GroupBound
    {
        /// <summary>By the largest bound of any of them.</summary>
        Max,

        /// <summary>By the sum of their bounds.</summary>
        Sum,
    }

    /// <summary>The policy in the catalogue.</summary>
    public static PolicyDescriptor Descriptor { get; } = new()
    {
        Name = "quest",
        Summary = "keeps everything, and reads the pages that may matter to the query",
        Paper = "Tang et al. 2024, arXiv 2406.10774",
        Options =
        [
            new PolicyOption("page", "16", "entries of a page"),
            new PolicyOption("skip", "2", "first layers, which read everything"),
            new PolicyOption("bound", "max", "max or sum: how the query heads of a group rank a page together"),
        ],
        Survives = CacheFeatures.Fork | CacheFeatures.Rollback | CacheFeatures.QuantisedEntries | CacheFeatures.GroupedQueries
            | CacheFeatures.SlidingWindow | CacheFeatures.ChunkedPrefill | CacheFeatures.PrefixReuse,
        KeepsEverything = true,
        Build = arguments => new Quest(new Options
        {
            Keep = arguments.Keep,
            Page = arguments.Integer("page", 16, 1, 4096),
            Skip = arguments.Integer("skip", 2, 0),
            Bound = arguments.Choice("bound", GroupBound.Max),
        }),
    };

    /// <inheritdoc/>
    public override PolicyNeeds Needs { get; }

    /// <inheritdoc/>
    public override CacheSession? Start() => _options.Keep.IsUnlimited ? null : new Session(_options, []);

    /// <summary>Sizes and variants.</summary>
    public sealed record Options
    {
        /// <summary>Entries that a step reads in each lane.</summary>
        public Budget Keep { get; init; }

        /// <summary>Entries of a page.</summary>
        public int Page { get; init; } = 16;

        /// <summary>First layers, which read everything.</summary>
        public int Skip { get; init; } = 2;

        /// <summary>How the query heads of a group rank a page together.</summary>
        public GroupBound Bound { get; init; }
    }

    private sealed class Session(Options options, KeyBounds[] bounds) : CacheSession
    {
        private readonly SelectionBuffers _buffers = new();
        private KeyBounds[] _bounds = bounds;
        private ulong[] _words = [];

        public override long StateBytes
        {
            get
            {
                long bytes = 0;
                foreach (KeyBounds lane in _bounds)
                    bytes += lane.Bytes;
                return bytes;
            }
        }

        public override CacheSession Fork() => new Session(options, [.. _bounds.Select(lane => lane.Clone())]);

        public override void AfterChunk(LayerCache layer, bool last)
        {
            for (int head = 0; layer.Layer >= options.Skip && head < layer.KvHeads; head++)
                Bounds(layer, head).Follow(layer[head]);
        }

        public override void BeforeAttention(LayerCache layer)
        {
            if (layer.Layer < options.Skip)
                return;
            int budget = layer.Resolve(options.Keep, layer.PromptLength, 2 * options.Page);
            for (int head = 0; head < layer.KvHeads; head++)
            {
                Bounds(layer, head).Follow(layer[head]);
                Choose(layer, head, budget);
            }
        }

        // Entries are in the order of the text, since none is ever dropped, so a position is a slot.
        public override void Truncate(int position)
        {
            foreach (KeyBounds lane in _bounds)
                lane.Truncate(position);
        }

        private KeyBounds Bounds(LayerCache layer, int head)
        {
            if (_bounds.Length == 0)
                _bounds = Create(layer.Layers * layer.KvHeads, layer.Shape.HeadDim);
            return _bounds[layer.Layer * layer.KvHeads + head];
        }

        private KeyBounds[] Create(int lanes, int dim) => [.. Enumerable.Range(0, lanes).Select(_ => new KeyBounds(options.Page, dim))];

        private void Choose(LayerCache layer, int head, int budget)
        {
            Lane lane = layer[head];
            // A sliding window hides old pages anyway.
            int window = layer.Shape.SlidingWindow, newest = (lane.Length - 1) / options.Page;
            int oldest = window > 0 ? Math.Max(0, lane.Length - window) / options.Page : 0;
            if (lane.Length - oldest * options.Page <= budget)
                return;
            int count = Math.Min(newest - oldest, budget / options.Page - 1);
            // Room for pages to come, so that a generated token does not allocate.
            int room = (newest - oldest + 256) & ~255;
            Span<float> scores = _buffers.Scores(room)[..(newest - oldest)];
            Score(layer, head, oldest, scores);
            Span<int> pages = _buffers.Slots(count);
            TopEntries.Rank(scores, count, pages, _buffers.Keys(room));
            lane.Read(Mark(lane.Length, oldest, newest, pages));
        }

        private void Score(LayerCache layer, int head, int oldest, Span<float> scores)
        {
            int dim = layer.Shape.HeadDim, group = layer.Shape.GroupSize;
            KeyBounds bounds = Bounds(layer, head);
            ReadOnlySpan<float> queries = layer.NewestQueries(1).Slice(head * group * dim, group * dim);
            // q·min where q is negative and q·max where it is positive: one product with the bounds as they are stored.
            Span<float> signed = _buffers.Rows(2 * dim);
            for (int member = 0; member < group; member++)
            {
                bool first = member == 0 || options.Bound == GroupBound.Max;
                for (int i = 0; i < dim; i++)
                {
                    float q = queries[member * dim + i];
                    signed[i] = Math.Min(q, 0) + (first ? 0 : signed[i]);
                    signed[dim + i] = Math.Max(q, 0) + (first ? 0 : signed[dim + i]);
                }

                if (options.Bound == GroupBound.Sum && member < group - 1)
                    continue;
                for (int page = 0; page < scores.Length; page++)
                {
                    float bound = TensorPrimitives.Dot<float>(signed, bounds[oldest + page]);
                    scores[page] = options.Bound == GroupBound.Max && member > 0 ? Math.Max(scores[page], bound) : bound;
                }
            }
        }

        /// <summary>One bit for each slot of the chosen pages and of the newest.</summary>
        private ReadOnlySpan<ulong> Mark(int length, int oldest, int newest, ReadOnlySpan<int> pages)
        {
            int count = (length + 63) / 64;
            if (_words.Length < count)
                _words = new ulong[count + Math.Max(64, count / 2)];
            Span<ulong> words = _words.AsSpan(0, count);
            words.Clear();
            MarkPage(words, newest, length);
            foreach (int page in pages)
                MarkPage(words, oldest + page, length);
            return words;
        }

        private void MarkPage(Span<ulong> words, int page, int length)
        {
            int end = Math.Min(length, (page + 1) * options.Page);
            for (int slot = page * options.Page; slot < end; slot++)
                words[slot >> 6] |= 1ul << slot;
        }
    }
}
