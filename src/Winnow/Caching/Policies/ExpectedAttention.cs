using System.Numerics.Tensors;
using Winnow.Caching.Statistics;
using Winnow.Caching.Storage;
using Winnow.Kernels.Elementwise;

namespace Winnow.Caching.Policies;

/// <summary>
/// After the prompt, keeps the entries to which queries still to come will pay the most attention, if they are distributed like the prompt's: a Gaussian with
/// their mean and covariance, turned to the positions that follow. Multiplied by the length of the value. What is generated stays.
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
        Needs = new PolicyNeeds { RawQueries = !options.Keep.IsUnlimited };
    }

    /// <summary>The policy in the catalogue.</summary>
    public static PolicyDescriptor Descriptor { get; } = new()
    {
        Name = "expected-attention",
        Summary = "keeps the entries that queries like the prompt's are expected to attend to",
        Paper = "Devoto et al. 2025, arXiv 2510.00636",
        Options =
        [
            new PolicyOption("future", "512", "positions after the prompt over which expected queries are averaged"),
            new PolicyOption("sink", "4", "first tokens, which always stay and are not counted as queries"),
            new PolicyOption("covariance", "true", "whether the spread of the queries counts, or their mean alone"),
            new PolicyOption("values", "true", "whether scores are multiplied by the length of the value"),
            new PolicyOption("epsilon", "0", "added to the expected probability before that"),
        ],
        Survives = CacheFeatures.Fork | CacheFeatures.QuantisedEntries | CacheFeatures.GroupedQueries | CacheFeatures.SlidingWindow
            | CacheFeatures.ChunkedPrefill | CacheFeatures.PrefixReuse,
        Build = arguments => new ExpectedAttention(new Options
        {
            Keep = arguments.Keep,
            Future = arguments.Integer("future", 512, 1, 65536),
            Sink = arguments.Integer("sink", 4, 0),
            Covariance = arguments.Flag("covariance", true),
            Values = arguments.Flag("values", true),
            Epsilon = (float)arguments.Number("epsilon", 0, 0, 1),
        }),
    };

    /// <inheritdoc/>
    public override PolicyNeeds Needs { get; }

    /// <inheritdoc/>
    public override EntryScorer CreateScorer() => new Scorer(_options);

    /// <summary>Sizes and variants.</summary>
    public sealed record Options
    {
        /// <summary>Entries of a lane after compression.</summary>
        public Budget Keep { get; init; }

        /// <summary>Positions after the prompt over which expected queries are averaged.</summary>
        public int Future { get; init; } = 512;

        /// <summary>First tokens, which always stay and are not counted as queries.</summary>
        public int Sink { get; init; } = 4;

        /// <summary>Whether the spread of the queries counts.</summary>
        public bool Covariance { get; init; } = true;

        /// <summary>Whether scores are multiplied by the length of the value.</summary>
        public bool Values { get; init; } = true;

        /// <summary>Added to the expected probability before that.</summary>
        public float Epsilon { get; init; }
    }

    private sealed class Scorer(Options options) : EntryScorer
    {
        private const int BlockEntries = 256;
        private readonly SelectionBuffers _buffers = new();
        private readonly MeanRotation _rotation = new();
        private QueryMoments?[] _layers = [];
        private float[] _block = [];

        public override long StateBytes => _layers.Sum(moments => moments?.Bytes ?? 0);

        // A fork may come in the middle of a prompt, and both sides then read on.
        public override EntryScorer Fork() => new Scorer(options) { _layers = [.. _layers.Select(moments => moments?.Clone())] };

        public override void Finish(LayerCache layer)
        {
            if (layer.Layer < _layers.Length)
                _layers[layer.Layer] = null;
        }

        public override void ObserveQueries(LayerCache layer, ReadOnlySpan<float> queries, int tokens)
        {
            if (_layers.Length == 0)
                _layers = new QueryMoments?[layer.Layers];
            int first = layer.Position - tokens;
            if (_layers[layer.Layer] is not { } moments || moments.End != first)
                _layers[layer.Layer] = moments = new QueryMoments(layer.Shape.QueryHeads, layer.Shape.HeadDim, options.Covariance);
            int skipped = Math.Clamp(options.Sink - first, 0, tokens);
            moments.Add(queries[(skipped * layer.Shape.QueryHeads * layer.Shape.HeadDim)..], tokens - skipped);
            moments.End = layer.Position;
        }

        public override void Score(LayerCache layer, int kvHead, int budget, Span<float> scores)
        {
            Lane lane = layer[kvHead];
            int group = layer.Shape.GroupSize, length = scores.Length;
            _rotation.Prepare(layer.Shape.Rotary, layer.Shape.RotaryStyle, layer.PromptLength, options.Future);
            Span<float> logits = _buffers.Rows(group * length);
            for (int start = 0; start < length; start += BlockEntries)
                ExpectBlock(layer, kvHead, start, Math.Min(BlockEntries, length - start), logits, length);
            scores.Clear();
            ReadOnlySpan<int> positions = lane.Positions;
            for (int head = 0; head < group; head++)
            {
                Span<float> row = logits.Slice(head * length, length);
                for (int slot = 0; slot < length; slot++)
                    row[slot] = positions[slot] < options.Sink ? float.NegativeInfinity : row[slot];
                Softmax.InPlace(row);
                TensorPrimitives.MultiplyAdd(row, 1f / group, scores, scores);
            }

            Weigh(lane, layer.Shape.HeadDim, scores);
        }

        /// <summary>Logarithm of the expected exp(q·k) of some entries, for each query head of the group.</summary>
        private void ExpectBlock(LayerCache layer, int kvHead, int start, int count, Span<float> logits, int length)
        {
            int dim = layer.Shape.HeadDim, group = layer.Shape.GroupSize;
            if (_block.Length < (dim + 1) * BlockEntries + dim)
                _block = new float[(dim + 1) * BlockEntries + dim];
            Span<float> channels = _block.AsSpan(0, dim * count), work = _block.AsSpan(dim * count, count), key = _block.AsSpan((dim + 1) * count, dim);
            for (int entry = 0; entry < count; entry++)
            {
                layer[kvHead].ReadKey(start + entry, key);
                // Turning a key back by the mean rotation says the same as turning mean and covariance forward, and costs less.
                _rotation.ApplyTransposed(key);
                for (int i = 0; i < dim; i++)
                    channels[i * count + entry] = key[i];
            }

            for (int head = 0; head < group; head++)
                _layers[layer.Layer]!.Expect(kvHead * group + head, channels, layer.Shape.Scale, work, logits.Slice(head * length + start, count));
        }

        private void Weigh(Lane lane, int headDim, Span<float> scores)
        {
            Span<float> value = _buffers.Scores(headDim);
            ReadOnlySpan<int> positions = lane.Positions;
            for (int slot = 0; slot < scores.Length; slot++)
            {
                lane.ReadValue(slot, value);
                float weighed = options.Values ? (scores[slot] + options.Epsilon) * TensorPrimitives.Norm<float>(value) : scores[slot];
                scores[slot] = positions[slot] < options.Sink ? float.PositiveInfinity : weighed;
            }
        }
    }
}
