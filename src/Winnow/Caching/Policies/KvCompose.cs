using System.Numerics.Tensors;
using Winnow.Caching.Storage;

namespace Winnow.Caching.Policies;

/// <summary>
/// Reads the prompt a second time against its own cache (or scoring prompts instead), notes the highest attention that every entry gets, and keeps the best of
/// each lane. Lanes of a layer keep equally many; the layers compete for one budget.
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
            // A mean over all queries ranks entries as their sum does.
            Observer = new AttentionObserver { PerQueryHead = true, Maximum = options.Task == Aggregation.Max, Passes = ObservedPasses.Replay },
            Replay = true,
            ReplayTexts = options.Prompts,
        };
    }

    /// <summary>How several numbers become one.</summary>
    public enum Aggregation
    {
        /// <summary>Their maximum.</summary>
        Max,

        /// <summary>Their mean.</summary>
        Mean,
    }

    /// <summary>The policy in the catalogue.</summary>
    public static PolicyDescriptor Descriptor { get; } = new()
    {
        Name = "kvcompose",
        Summary = "reads the prompt twice and keeps what the second reading attends to; the layers compete for the budget",
        Paper = "Akulov et al. 2025, arXiv 2509.05165",
        Options =
        [
            new PolicyOption("task", "max", "max or mean: over the queries of the second reading"),
            new PolicyOption("group", "mean", "max or mean: over the query heads of a lane"),
            new PolicyOption("head", "mean", "max or mean: over the lanes of a layer, for the layer's share"),
            new PolicyOption("value-norm", "false", "multiply scores by the length of the value"),
            new PolicyOption("smooth", "true", "add to each score the mean over the layer's lanes"),
            new PolicyOption("floor", "1", "entries that every lane keeps at least"),
            new PolicyOption("structured", "true", "equally many entries in all lanes of a layer; false to let all lanes of the model compete"),
            new PolicyOption("first-longest", "false", "give the first layer at least as many entries as any other, as the paper's program does"),
            new PolicyOption("prompts", "the prompt itself", "file with texts to read instead, set apart by blank lines"),
        ],
        Survives = CacheFeatures.Fork | CacheFeatures.QuantisedEntries | CacheFeatures.GroupedQueries | CacheFeatures.SlidingWindow
            | CacheFeatures.ChunkedPrefill,
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

    /// <summary>Sizes and variants.</summary>
    public sealed record Options
    {
        /// <summary>Entries of a lane, a mean over all lanes.</summary>
        public Budget Keep { get; init; }

        /// <summary>Over the queries of the second reading.</summary>
        public Aggregation Task { get; init; } = Aggregation.Max;

        /// <summary>Over the query heads of a lane.</summary>
        public Aggregation Group { get; init; } = Aggregation.Mean;

        /// <summary>Over the lanes of a layer, for the layer's share.</summary>
        public Aggregation Head { get; init; } = Aggregation.Mean;

        /// <summary>Whether scores are multiplied by the length of the value.</summary>
        public bool ValueNorm { get; init; }

        /// <summary>Whether the mean over the layer's lanes is added to each score.</summary>
        public bool Smooth { get; init; } = true;

        /// <summary>Entries that every lane keeps at least.</summary>
        public int Floor { get; init; } = 1;

        /// <summary>Whether all lanes of a layer keep equally many entries.</summary>
        public bool Structured { get; init; } = true;

        /// <summary>Whether the first layer gets at least as many entries as any other.</summary>
        public bool FirstLongest { get; init; }

        /// <summary>Texts to read instead of the prompt.</summary>
        public IReadOnlyList<string> Prompts { get; init; } = [];
    }

    /// <summary>Scores of a layer's entries, [lane][slot], from what its observer gathered.</summary>
    internal static float[][] Score(LayerCache layer, Options options, SelectionBuffers buffers)
    {
        float[][] scores = new float[layer.KvHeads][];
        for (int head = 0; head < scores.Length; head++)
        {
            Lane lane = layer[head];
            float[] own = scores[head] = new float[lane.Length];
            for (int channel = 0; channel < layer.Shape.GroupSize; channel++)
            {
                if (options.Group == Aggregation.Max)
                    TensorPrimitives.Max(own, lane.ScoresOf(channel), own);
                else
                    TensorPrimitives.MultiplyAdd(lane.ScoresOf(channel), 1f / layer.Shape.GroupSize, own, own);
            }

            if (options.ValueNorm)
                MultiplyByValueNorm(lane, own, buffers.Rows(layer.Shape.HeadDim));
        }

        if (options.Smooth)
            AddMeanOverLanes(layer, scores);
        return scores;
    }

    private static void MultiplyByValueNorm(Lane lane, float[] scores, Span<float> value)
    {
        for (int slot = 0; slot < scores.Length; slot++)
        {
            lane.ReadValue(slot, value);
            scores[slot] *= TensorPrimitives.Norm<float>(value);
        }
    }

    /// <summary>
    /// Goes by position: after an earlier compression a slot holds another token in each lane. A lane that dropped the token counts as zero.
    /// </summary>
    private static void AddMeanOverLanes(LayerCache layer, float[][] scores)
    {
        float[] means = new float[layer.Position];
        for (int head = 0; head < scores.Length; head++)
        {
            ReadOnlySpan<int> positions = layer[head].Positions;
            for (int slot = 0; slot < positions.Length; slot++)
                means[positions[slot]] += scores[head][slot] / scores.Length;
        }

        for (int head = 0; head < scores.Length; head++)
        {
            ReadOnlySpan<int> positions = layer[head].Positions;
            for (int slot = 0; slot < positions.Length; slot++)
                scores[head][slot] += means[positions[slot]];
        }
    }

    private sealed class Session(Options options) : CacheSession
    {
        private readonly SelectionBuffers _buffers = new();

        public override CacheSession Fork() => new Session(options);

        public override void AfterPrompt(IReadOnlyList<LayerCache> layers)
        {
            int keep = layers[0].Resolve(options.Keep, layers[0].PromptLength, options.Floor);
            float[][][] scores = [.. layers.Select(layer => Score(layer, options, _buffers))];
            long total = (long)keep * layers.Count;
            int[][] counts = options.Structured
                ? CompositeBudgets.Structured(scores, total, options.Head == Aggregation.Max, options.Floor, options.FirstLongest)
                : CompositeBudgets.Unstructured(scores, total * layers[0].KvHeads, options.Floor);
            foreach (LayerCache layer in layers)
            {
                for (int head = 0; head < layer.KvHeads; head++)
                    KeepBest(layer[head], scores[layer.Layer][head], counts[layer.Layer][head]);
            }
        }

        private void KeepBest(Lane lane, float[] scores, int count)
        {
            if (lane.Length <= count)
                return;
            Span<int> slots = _buffers.Slots(count);
            TopEntries.Select(scores, count, slots, _buffers.Keys(scores.Length));
            lane.Keep(slots);
        }
    }
}
