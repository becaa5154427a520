using Winnow.Caching.Storage;

namespace Winnow.Caching.Policies;

/// <summary>
/// Keeps the newest entries and those that have collected the most attention so far ("heavy hitters"). Attention over the prompt is complete; pruning
/// follows it.
/// While generating, one entry leaves at each step and never returns.
/// Zhang et al. 2023, "H2O: Heavy-Hitter Oracle for Efficient Generative Inference", arXiv 2306.14048.
/// </summary>
public sealed class H2O : ScoringPolicy
{
    private readonly Options _options;

    /// <summary>Creates the policy.</summary>
    public H2O(Options options)
        : base(options.Keep)
    {
        _options = options;
        bool limited = options.Heavy is not null || !options.Keep.IsUnlimited;
        Needs = limited ? new PolicyNeeds { Positions = options.Positions, Observer = new AttentionObserver() } : new PolicyNeeds();
    }

    /// <summary>How a score is read.</summary>
    public enum ScoreNorm
    {
        /// <summary>The sum of probabilities, as in the paper. Early entries have a head start.</summary>
        Sum,

        /// <summary>The sum divided by the number of queries that could see the entry.</summary>
        MeanOverVisible,
    }

    /// <summary>The policy in the catalogue.</summary>
    public static PolicyDescriptor Descriptor { get; } = new()
    {
        Name = "h2o",
        Summary = "keeps the newest entries and those with the largest attention mass",
        Paper = "Zhang et al. 2023, arXiv 2306.14048",
        Options =
        [
            new PolicyOption("hh", "half of keep", "heavy hitters in each lane"),
            new PolicyOption("recent", "the rest of keep", "newest entries in each lane"),
            new PolicyOption("norm", "sum", "sum, or mean-over-visible: divide by the queries that could see the entry"),
            new PolicyOption("position", "original", "original, or rolling for texts beyond the model's window"),
        ],
        Survives = CacheFeatures.Fork | CacheFeatures.QuantisedEntries | CacheFeatures.GroupedQueries | CacheFeatures.SlidingWindow
            | CacheFeatures.ChunkedPrefill | CacheFeatures.BeyondWindow | CacheFeatures.PrefixReuse,
        Build = arguments => new H2O(new Options
        {
            Keep = arguments.Keep,
            Heavy = arguments.OptionalInteger("hh", 0),
            Recent = arguments.OptionalInteger("recent", 1),
            Norm = arguments.Choice("norm", ScoreNorm.Sum),
            Positions = arguments.Choice("position", PositionMode.Original),
        }),
    };

    /// <inheritdoc/>
    public override PolicyNeeds Needs { get; }

    /// <inheritdoc/>
    public override CacheSession? Start() => Needs.Observer is null ? null : new Session(_options);

    /// <inheritdoc/>
    public override EntryScorer CreateScorer() => new Scorer(_options);

    /// <summary>Sizes and variants.</summary>
    public sealed record Options
    {
        /// <summary>Heavy hitters and newest entries together; shared half and half (the paper's 10 % + 10 % is a budget of 20 %).</summary>
        public Budget Keep { get; init; }

        /// <summary>Heavy hitters, when not half of the budget.</summary>
        public int? Heavy { get; init; }

        /// <summary>Newest entries, when not the rest of the budget.</summary>
        public int? Recent { get; init; }

        /// <summary>How a score is read.</summary>
        public ScoreNorm Norm { get; init; }

        /// <summary>Where keys stand for the rotary embedding.</summary>
        public PositionMode Positions { get; init; }

        internal (int Heavy, int Recent) Split(int budget)
        {
            int heavy = Heavy ?? (Recent is { } recents && !Keep.IsUnlimited ? Math.Max(0, budget - recents) : budget / 2);
            int recent = Recent ?? (Keep.IsUnlimited ? heavy : Math.Max(1, budget - heavy));
            return (heavy, Math.Max(1, recent));
        }

        internal float Score(Lane lane, int slot, int position) =>
            Norm == ScoreNorm.Sum ? lane.Scores[slot] : lane.Scores[slot] / (position - lane.Positions[slot]);

        /// <summary>Scores all entries, +∞ for the newest, and counts those.</summary>
        internal int Score(Lane lane, int oldestRecent, int position, Span<float> scores)
        {
            int newest = 0;
            for (int slot = 0; slot < scores.Length; slot++)
            {
                bool isRecent = lane.Positions[slot] >= oldestRecent;
                newest += isRecent ? 1 : 0;
                scores[slot] = isRecent ? float.PositiveInfinity : Score(lane, slot, position);
            }

            return newest;
        }
    }

    /// <summary>The prompt's scores alone, for wrappers.</summary>
    private sealed class Scorer(Options options) : EntryScorer
    {
        public override void Score(LayerCache layer, int kvHead, int budget, Span<float> scores) =>
            options.Score(layer[kvHead], layer.Position - options.Split(budget).Recent, layer.Position, scores);
    }

    private sealed class Session(Options options) : CacheSession
    {
        private readonly SelectionBuffers _buffers = new();

        public override CacheSession Fork() => new Session(options);

        public override void AfterChunk(LayerCache layer, bool last)
        {
            if (!last && options.Positions == PositionMode.Original)
                return;
            (int heavy, int recent) = Sizes(layer);
            for (int head = 0; head < layer.KvHeads; head++)
            {
                if (layer[head].Length > heavy + recent)
                    Prune(layer[head], heavy, layer.Position - recent, layer.Position);
            }
        }

        public override void AfterStep(LayerCache layer)
        {
            (int heavy, int recent) = Sizes(layer);
            for (int head = 0; head < layer.KvHeads; head++)
            {
                Lane lane = layer[head];
                while (lane.Length > heavy + recent)
                    lane.Remove(Lightest(lane, layer.Position - recent, layer.Position));
            }
        }

        private (int Heavy, int Recent) Sizes(LayerCache layer) => options.Split(layer.Resolve(options.Keep, layer.PromptLength, 2));

        private void Prune(Lane lane, int heavy, int oldestRecent, int position)
        {
            int length = lane.Length;
            Span<float> scores = _buffers.Scores(length);
            int kept = Math.Min(length, heavy + options.Score(lane, oldestRecent, position, scores));
            Span<int> slots = _buffers.Slots(kept);
            TopEntries.Select(scores, kept, slots, _buffers.Keys(length));
            lane.Keep(slots);
        }

        private int Lightest(Lane lane, int oldestRecent, int position)
        {
            ReadOnlySpan<float> scores = lane.Scores;
            if (options.Norm == ScoreNorm.MeanOverVisible)
            {
                Span<float> means = _buffers.Scores(lane.Length);
                options.Score(lane, oldestRecent, position, means);
                scores = means;
            }

            return LightestEntry.Find(scores, lane.Positions, oldestRecent);
        }
    }
}
