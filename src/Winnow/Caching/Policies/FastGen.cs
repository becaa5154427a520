using Winnow.Caching.Storage;
using Winnow.Tokenization;

namespace Winnow.Caching.Policies;

/// <summary>
/// After the prompt, gives every lane the cheapest of five rules that keeps enough of its attention: special tokens, also punctuation, also the most attended
/// tokens, also the newest ones, or everything. While generating, each lane goes on by its rule.
/// Ge et al. 2023, "Model Tells You What to Discard: Adaptive KV Cache Compression for LLMs", arXiv 2310.01801.
/// </summary>
public sealed class FastGen : CachePolicy
{
    private readonly Options _options;

    /// <summary>Creates the policy.</summary>
    public FastGen(Options options)
    {
        _options = options;
        Needs = !options.Limits ? new PolicyNeeds() : new PolicyNeeds
        {
            TokenKinds = true,
            Observer = new AttentionObserver { PerQueryHead = true, LocalWindow = options.Window },
        };
    }

    /// <summary>How the coverage of a lane comes from its query heads.</summary>
    public enum GroupCoverage
    {
        /// <summary>The least: every head must be served.</summary>
        Min,

        /// <summary>The mean.</summary>
        Mean,
    }

    /// <summary>The policy in the catalogue.</summary>
    public static PolicyDescriptor Descriptor { get; } = new()
    {
        Name = "fastgen",
        Summary = "gives each lane the cheapest of five rules that keeps enough of its attention",
        Paper = "Ge et al. 2023, arXiv 2310.01801",
        Options =
        [
            new PolicyOption("target", "the largest that keep allows", "share of each lane's attention to keep, above 0 and at most 1; keep is then not used"),
            new PolicyOption("rf", "0.3, or a fifth of keep", "share of the text that frequent tokens may take"),
            new PolicyOption("rl", "0.3, or a fifth of keep", "share of the prompt that is the local window"),
            new PolicyOption("global", "0", "first tokens that count as special"),
            new PolicyOption("norm", "sum", "what frequent means: sum, or mean-over-visible: divided by the queries that could see the entry"),
            new PolicyOption("group", "min", "coverage of a group of query heads: min or mean"),
        ],
        Survives = CacheFeatures.Fork | CacheFeatures.QuantisedEntries | CacheFeatures.GroupedQueries | CacheFeatures.SlidingWindow
            | CacheFeatures.ChunkedPrefill,
        Build = arguments => new FastGen(new Options
        {
            Keep = arguments.Keep,
            Target = arguments.OptionalNumber("target", 1e-6, 1),
            Frequent = arguments.OptionalNumber("rf", 0, 1),
            Local = arguments.OptionalNumber("rl", 0, 1),
            Global = arguments.Integer("global", 0, 0),
            Norm = arguments.Choice("norm", H2O.ScoreNorm.Sum),
            Group = arguments.Choice("group", GroupCoverage.Min),
        }),
    };

    /// <inheritdoc/>
    public override PolicyNeeds Needs { get; }

    /// <inheritdoc/>
    public override CacheSession? Start() => _options.Limits ? new Session(_options) : null;

    /// <summary>Sizes and variants.</summary>
    public sealed record Options
    {
        /// <summary>Ratio of the paper for frequent tokens and for the window.</summary>
        private const double PaperRatio = 0.3;

        /// <summary>Entries of a lane, a mean over the whole cache; the coverage target follows from it. Not used with a <see cref="Target"/>.</summary>
        public Budget Keep { get; init; }

        /// <summary>Share of each lane's attention to keep: the paper's T.</summary>
        public double? Target { get; init; }

        /// <summary>Share of the text that frequent tokens may take; null for 0.3, under a budget a fifth of its share.</summary>
        public double? Frequent { get; init; }

        /// <summary>Share of the prompt that is the local window; null for 0.3, under a budget a fifth of its share.</summary>
        public double? Local { get; init; }

        /// <summary>First tokens that count as special.</summary>
        public int Global { get; init; }

        /// <summary>What makes a token frequent.</summary>
        public H2O.ScoreNorm Norm { get; init; }

        /// <summary>Coverage of a group of query heads.</summary>
        public GroupCoverage Group { get; init; }

        internal bool Limits => Target is not null || !Keep.IsUnlimited;

        internal int Window(LayerCache layer) => Math.Max(1, (int)Math.Floor((Local ?? Ratio(layer)) * layer.PromptLength + 1e-9));

        internal RuleSizes Sizes(LayerCache layer, int global) => new(Frequent ?? Ratio(layer), Window(layer), global, Norm == H2O.ScoreNorm.MeanOverVisible);

        /// <summary>
        /// With the paper's ratios the two larger rules cost 30 % and 60 % of the text: no choice at all under a small budget. A fifth of it agreed
        /// better with the full cache than a half, at three budgets on two texts.
        /// </summary>
        private double Ratio(LayerCache layer) => Target is not null
            ? PaperRatio
            : Math.Min(PaperRatio, layer.Resolve(Keep, layer.PromptLength, 1) / (5.0 * layer.PromptLength));
    }

    private sealed class Session(Options options) : CacheSession
    {
        private KeepRule[] _rules = [];
        private RuleSizes _sizes;
        private RuleProfiler _profiler = new(default);

        public override long StateBytes => _rules.Length;

        public override CacheSession Fork() => new Session(options) { _rules = _rules, _sizes = _sizes, _profiler = new RuleProfiler(_sizes) };

        public override void AfterPrompt(IReadOnlyList<LayerCache> layers)
        {
            LayerCache first = layers[0];
            // A special token never leaves a lane, so any lane tells whether there is one; without any, the first token stands in.
            bool special = first[0].Flags.ContainsAny(Specials);
            _sizes = options.Sizes(first, special ? options.Global : Math.Max(1, options.Global));
            _profiler = new RuleProfiler(_sizes);
            RuleProfile[] profiles = new RuleProfile[layers.Count * first.KvHeads];
            for (int lane = 0; lane < profiles.Length; lane++)
            {
                LayerCache layer = layers[lane / first.KvHeads];
                profiles[lane] = _profiler.Profile(layer, layer[lane % first.KvHeads], options.Group == GroupCoverage.Mean);
            }

            KeepRule[] rules = options.Target is { } target
                ? [.. profiles.Select(profile => profile.Cheapest(target))]
                : RuleAssignment.Within(profiles, (long)first.Resolve(options.Keep, first.PromptLength, 1) * profiles.Length);
            _rules = [.. rules.Select(rule => KeepsAll(rule) ? KeepRule.Full : rule)];
            for (int lane = 0; lane < _rules.Length; lane++)
                Apply(layers[lane / first.KvHeads], lane % first.KvHeads, _rules[lane]);
        }

        public override void BeforeAttention(LayerCache layer)
        {
            for (int head = 0; head < layer.KvHeads && _rules.Length > 0; head++)
                _profiler.Filter(layer, layer[head], _rules[layer.Layer * layer.KvHeads + head]);
        }

        public override void Save(BinaryWriter writer)
        {
            writer.Write(_rules.Length);
            foreach (KeepRule rule in _rules)
                writer.Write((byte)rule);
            writer.Write(_sizes.Frequent);
            writer.Write(_sizes.Window);
            writer.Write(_sizes.Global);
        }

        public override void Load(BinaryReader reader)
        {
            int lanes = reader.ReadInt32();
            byte[] rules = lanes is >= 0 and <= 1 << 20 ? reader.ReadBytes(lanes) : [];
            if (rules.Length != lanes || rules.Any(rule => rule > (byte)KeepRule.Full))
                throw new WinnowException($"the exported sequence is broken: its rules for {lanes} lanes cannot be read");
            _rules = [.. rules.Select(rule => (KeepRule)rule)];
            _sizes = new RuleSizes(reader.ReadDouble(), reader.ReadInt32(), reader.ReadInt32(), options.Norm == H2O.ScoreNorm.MeanOverVisible);
            _profiler = new RuleProfiler(_sizes);
        }

        private static readonly System.Buffers.SearchValues<byte> Specials = System.Buffers.SearchValues.Create(
            [.. Enumerable.Range(0, 256).Select(flags => (byte)flags).Where(flags => (flags & (byte)TokenKinds.Special) != 0)]);

        /// <summary>Frequent tokens without limit, or a window without end, are the full cache with more bookkeeping.</summary>
        private bool KeepsAll(KeepRule rule) =>
            (rule >= KeepRule.Frequent && _sizes.Frequent >= 1) || (rule >= KeepRule.Local && options.Local >= 1);

        private void Apply(LayerCache layer, int head, KeepRule rule)
        {
            Lane lane = layer[head];
            if (rule != KeepRule.Full)
                lane.Keep(_profiler.Select(layer, lane, rule));
        }
    }
}
