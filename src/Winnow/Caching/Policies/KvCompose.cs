using System.Numerics.Tensors;
using Winnow.Caching.Storage;

namespace Winnow.Caching.Policies;

/// <summary>
/// Reads the prompt a second time against its own finished cache, scores every entry by the most attention that any query of that reading gave it, lets each KV head
/// keep its own best entries, and gives each layer its share of one budget for the whole cache. Slot j of a layer is a composite token: its heads may hold
/// different positions there. What is generated stays.
/// Akulov et al. 2025, "KVCompose: Efficient Structured KV Cache Compression with Composite Tokens", arXiv 2509.05165.
/// </summary>
public sealed class KvCompose : CachePolicy
{
    private readonly Options _options;

    /// <summary>Creates the policy.</summary>
    public KvCompose(Options options)
    {
        _options = options;
        Needs = options.Keep.IsUnlimited ? new PolicyNeeds() : new PolicyNeeds
        {
            Observer = new AttentionObserver { PerQueryHead = true, Maximum = options.Task == Aggregation.Max, Passes = ObservedPasses.Replay },
            Replay = true,
            ReplayTexts = options.Prompts,
        };
    }

    /// <summary>How several numbers become one.</summary>
    public enum Aggregation
    {
        /// <summary>The largest.</summary>
        Max,

        /// <summary>The mean.</summary>
        Mean,
    }

    /// <summary>The policy in the catalogue.</summary>
    public static PolicyDescriptor Descriptor { get; } = new()
    {
        Name = "kvcompose",
        Summary = "reads the prompt twice and shares one budget among all layers by the attention found",
        Paper = "Akulov et al. 2025, arXiv 2509.05165",
        Options =
        [
            new PolicyOption("task", "max", "over the queries of the second reading: max or mean"),
            new PolicyOption("group", "mean", "over the query heads of a KV head: max or mean"),
            new PolicyOption("head", "mean", "over the KV heads of a layer, for the layer's share: max or mean"),
            new PolicyOption("value-norm", "false", "whether scores are multiplied by the length of the value"),
            new PolicyOption("smooth", "true", "whether the layer's mean score is added to each head's"),
            new PolicyOption("floor", "1", "fewest entries of a layer"),
            new PolicyOption("structured", "true", "whether all heads of a layer keep the same number"),
            new PolicyOption("first-longest", "false", "whether the first layer gets at least what any other gets"),
            new PolicyOption("prompts", "the prompt itself", "file with texts to read the second time, separated by empty lines"),
        ],
        Survives = CacheFeatures.Fork | CacheFeatures.QuantisedEntries | CacheFeatures.GroupedQueries | CacheFeatures.SlidingWindow | CacheFeatures.ChunkedPrefill,
        Build = arguments => new KvCompose(new Options
        {
            Keep = arguments.Keep,
            Task = arguments.Choice("task", Aggregation.Max),
            Group = arguments.Choice("group", Aggregation.Mean),
            Head = arguments.Choice("head", Aggregation.Mean),
            ValueNorm = arguments.Flag("value-norm", false),
            Smooth = arguments.Flag("smooth", true),
            Floor = arguments.Integer("floor", 1, 1),
            Structured = arguments.Flag("structured", true),
            FirstLongest = arguments.Flag("first-longest", false),
            Prompts = arguments.OptionalText("prompts") is { } path ? ScoringTexts.Read(path) : [],
        }),
    };

    /// <inheritdoc/>
    public override PolicyNeeds Needs { get; }

    /// <inheritdoc/>
    public override CacheSession? Start() => _options.Keep.IsUnlimited ? null : new Session(_options);

    /// <summary>Sizes and variants; the defaults are the official code's.</summary>
    public sealed record Options
    {
        /// <summary>Entries of a lane, a mean over the whole cache.</summary>
        public Budget Keep { get; init; }

        /// <summary>Over the queries of the second reading.</summary>
        public Aggregation Task { get; init; }

        /// <summary>Over the query heads of a KV head.</summary>
        public Aggregation Group { get; init; } = Aggregation.Mean;

        /// <summary>Over the KV heads of a layer, for its share.</summary>
        public Aggregation Head { get; init; } = Aggregation.Mean;

        /// <summary>Whether scores are multiplied by the length of the value.</summary>
        public bool ValueNorm { get; init; }

        /// <summary>Whether the layer's mean score is added to each head's.</summary>
        public bool Smooth { get; init; } = true;

        /// <summary>Fewest entries of a layer.</summary>
        public int Floor { get; init; } = 1;

        /// <summary>Whether all heads of a layer keep the same number.</summary>
        public bool Structured { get; init; } = true;

        /// <summary>Whether the first layer gets at least what any other gets.</summary>
        public bool FirstLongest { get; init; }

        /// <summary>Texts to read the second time; empty for the prompt itself.</summary>
        public IReadOnlyList<string> Prompts { get; init; } = [];
    }

    private sealed class Session(Options options) : CacheSession
    {
        private readonly SelectionBuffers _buffers = new();

        public override CacheSession Fork() => new Session(options);

        public override void AfterPrompt(IReadOnlyList<LayerCache> layers)
        {
            LayerCache first = layers[0];
            int entries = first.Resolve(options.Keep, first.PromptLength, options.Floor);
            float[][][] scores = [.. layers.Select(ScoreLayer)];
            long total = (long)entries * layers.Count;
            int[][] budgets = options.Structured
                ? CompositeBudgets.Structured(scores, total, options.Head == Aggregation.Max, options.Floor, options.FirstLongest)
                : CompositeBudgets.Unstructured(scores, total * first.KvHeads, options.Floor);
            foreach (LayerCache layer in layers)
            {
                for (int head = 0; head < layer.KvHeads; head++)
                    Keep(layer[head], scores[layer.Layer][head], budgets[layer.Layer][head]);
            }
        }

        /// <summary>[kvHeads][entries].</summary>
        private float[][] ScoreLayer(LayerCache layer)
        {
            float[][] scores = [.. Enumerable.Range(0, layer.KvHeads).Select(head => ScoreLane(layer, layer[head]))];
            if (!options.Smooth || scores.Select(lane => lane.Length).Distinct().Count() > 1)
                return scores;
            float[] mean = new float[scores[0].Length];
            foreach (float[] lane in scores)
                TensorPrimitives.MultiplyAdd(lane, 1f / scores.Length, mean, mean);
            foreach (float[] lane in scores)
                TensorPrimitives.Add(lane, mean, lane);
            return scores;
        }

        private float[] ScoreLane(LayerCache layer, Lane lane)
        {
            float[] scores = new float[lane.Length];
            int group = layer.Shape.GroupSize;
            for (int head = 0; head < group; head++)
            {
                if (options.Group == Aggregation.Max)
                    TensorPrimitives.Max(scores, lane.ScoresOf(head), scores);
                else
                    TensorPrimitives.MultiplyAdd(lane.ScoresOf(head), 1f / group, scores, scores);
                // A later prompt is scored afresh.
                lane.ScoresOf(head).Clear();
            }

            Span<float> value = _buffers.Rows(layer.Shape.HeadDim);
            for (int slot = 0; slot < scores.Length && options.ValueNorm; slot++)
            {
                lane.ReadValue(slot, value);
                scores[slot] *= TensorPrimitives.Norm<float>(value);
            }

            return scores;
        }

        private void Keep(Lane lane, float[] scores, int budget)
        {
            Span<int> slots = _buffers.Slots(Math.Min(budget, lane.Length));
            TopEntries.Select(scores, slots.Length, slots, _buffers.Keys(scores.Length));
            lane.Keep(slots);
        }
    }
}
