using System.Numerics.Tensors;
using Winnow.Caching.Storage;
using Winnow.Kernels.Elementwise;

namespace Winnow.Caching.Policies;

/// <summary>
/// After the prompt, keeps the entries to which queries to come are expected to attend: the prompt's queries, taken as a normal distribution and rotated to the
/// positions that follow, give the expected attention of every key; the length of its value says how much that matters.
/// Devoto et al. 2025, "Expected Attention: KV Cache Compression by Estimating Attention from Future Queries Distribution", arXiv 2510.00636.
/// </summary>
public sealed class ExpectedAttention : ScoringPolicy
{
    private readonly Options _options;

    /// <summary>Creates the policy.</summary>
    public ExpectedAttention(Options options)
        : base(options.Keep)
    {
        _options = options;
        Needs = options.Keep.IsUnlimited ? new PolicyNeeds() : new PolicyNeeds { RawQueries = true };
    }

    /// <summary>The policy in the catalogue.</summary>
    public static PolicyDescriptor Descriptor { get; } = new()
    {
        Name = "expected-attention",
        Summary = "keeps the entries to which queries to come are expected to attend",
        Paper = "Devoto et al. 2025, arXiv 2510.00636",
        Options =
        [
            new PolicyOption("future", "512", "positions to come over which the rotation is averaged"),
            new PolicyOption("sink", "4", "first tokens that always stay and whose queries do not count"),
            new PolicyOption("covariance", "true", "whether the spread of the queries counts, not their mean alone"),
            new PolicyOption("values", "true", "whether scores are multiplied by the length of the value"),
            new PolicyOption("epsilon", "0", "added to the expected attention before that"),
        ],
        Survives = CacheFeatures.Fork | CacheFeatures.QuantisedEntries | CacheFeatures.GroupedQueries | CacheFeatures.SlidingWindow | CacheFeatures.ChunkedPrefill,
        Build = arguments => new ExpectedAttention(new Options
        {
            Keep = arguments.Keep,
            Future = arguments.Integer("future", 512, 1, 1 << 16),
            Sink = arguments.Integer("sink", 4, 0),
            Covariance = arguments.Flag("covariance", true),
            Values = arguments.Flag("values", true),
            Epsilon = arguments.Number("epsilon", 0, 0, 1),
        }),
    };

    /// <inheritdoc/>
    public override PolicyNeeds Needs { get; }

    /// <inheritdoc/>
    public override EntryScorer CreateScorer() => new Scorer(_options, []);

    /// <summary>Sizes and variants; the defaults are the reference implementation's.</summary>
    public sealed record Options
    {
        /// <summary>Entries of a lane after compression.</summary>
        public Budget Keep { get; init; }

        /// <summary>Positions to come over which the rotation is averaged.</summary>
        public int Future { get; init; } = 512;

        /// <summary>First tokens that always stay and whose queries do not count.</summary>
        public int Sink { get; init; } = 4;

        /// <summary>Whether the spread of the queries counts.</summary>
        public bool Covariance { get; init; } = true;

        /// <summary>Whether scores are multiplied by the length of the value.</summary>
        public bool Values { get; init; } = true;

        /// <summary>Added to the expected attention before that.</summary>
        public double Epsilon { get; init; }
    }

    private sealed class Scorer(Options options, Dictionary<int, QueryStatistics[]> statistics) : EntryScorer
    {
        private readonly SelectionBuffers _buffers = new();

        public override EntryScorer Fork() =>
            new Scorer(options, statistics.ToDictionary(pair => pair.Key, pair => Array.ConvertAll(pair.Value, head => head.Clone())));

        public override void ObserveQueries(LayerCache layer, ReadOnlySpan<float> queries, int tokens)
        {
            int dim = layer.Shape.HeadDim, width = layer.Shape.QueryHeads * dim;
            if (!statistics.TryGetValue(layer.Layer, out QueryStatistics[]? heads))
                statistics[layer.Layer] = heads = [.. Enumerable.Range(0, layer.Shape.QueryHeads).Select(_ => new QueryStatistics(dim))];
            // The pass under way already counts in the position.
            int skipped = Math.Clamp(options.Sink - (layer.Position - tokens), 0, tokens);
            for (int head = 0; head < heads.Length && skipped < tokens; head++)
                heads[head].Add(queries[((skipped * width) + (head * dim))..], tokens - skipped, width);
        }

        public override void Score(LayerCache layer, int kvHead, int budget, Span<float> scores)
        {
            int dim = layer.Shape.HeadDim, group = layer.Shape.GroupSize;
            Lane lane = layer[kvHead];
            MeanRotation rotation = new(layer.Shape.Rotary, layer.Shape.RotaryStyle, layer.Position, options.Future);
            Span<float> memory = _buffers.Rows(dim + (dim * dim) + scores.Length), mean = memory[..dim], covariance = memory.Slice(dim, dim * dim);
            Span<float> expected = memory[(dim + (dim * dim))..];
            scores.Clear();
            for (int head = 0; head < group; head++)
            {
                statistics[layer.Layer][(kvHead * group) + head].Predict(rotation, mean, covariance);
                LogExpectations(lane, mean, covariance, layer.Shape.Scale, expected);
                for (int slot = 0; slot < expected.Length; slot++)
                    expected[slot] = lane.Positions[slot] < options.Sink ? float.NegativeInfinity : expected[slot];
                Softmax.InPlace(expected);
                TensorPrimitives.MultiplyAdd(expected, 1f / group, scores, scores);
            }

            Span<float> value = mean;
            for (int slot = 0; slot < scores.Length; slot++)
            {
                lane.ReadValue(slot, value);
                float weight = options.Values ? TensorPrimitives.Norm<float>(value) : 1;
                scores[slot] = lane.Positions[slot] < options.Sink ? float.PositiveInfinity : (scores[slot] + (float)options.Epsilon) * weight;
            }
        }

        /// <summary>log E[exp(scale·q·k)] for a normal q: scale·μ·k + scale²/2·kᵀΣk.</summary>
        private void LogExpectations(Lane lane, ReadOnlySpan<float> mean, ReadOnlySpan<float> covariance, float scale, Span<float> expected)
        {
            int dim = mean.Length;
            Span<float> key = stackalloc float[dim];
            for (int slot = 0; slot < expected.Length; slot++)
            {
                lane.ReadKey(slot, key);
                float linear = TensorPrimitives.Dot(mean, key), quadratic = 0;
                for (int i = 0; i < dim && options.Covariance; i++)
                    quadratic += key[i] * TensorPrimitives.Dot(covariance.Slice(i * dim, dim), key);
                expected[slot] = (scale * linear) + (scale * scale / 2 * quadratic);
            }
        }
    }
}
