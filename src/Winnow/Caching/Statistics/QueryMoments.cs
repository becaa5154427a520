using System.Numerics.Tensors;

namespace Winnow.Caching.Statistics;

/// <summary>
/// Mean and covariance of the queries of a layer, head by head, gathered chunk by chunk. Each chunk is centred before its products are added (Chan et al. 1979), so
/// that a large mean costs no precision.
/// </summary>
internal sealed class QueryMoments
{
    private readonly int _heads;
    private readonly int _dim;
    private readonly float[] _means;
    private readonly float[] _scatter;
    private int _count;

    /// <summary>Nothing seen yet.</summary>
    /// <param name="heads">Query heads.</param>
    /// <param name="dim">Channels of a head.</param>
    /// <param name="covariance">Whether covariances are gathered.</param>
    public QueryMoments(int heads, int dim, bool covariance)
    {
        (_heads, _dim) = (heads, dim);
        _means = new float[heads * dim];
        _scatter = covariance ? new float[checked(heads * dim * dim)] : [];
    }

    /// <summary>Position after the newest query.</summary>
    public int End { get; set; }

    /// <summary>Bytes held.</summary>
    public long Bytes => sizeof(float) * ((long)_means.Length + _scatter.Length);

    /// <summary>Takes queries in, [tokens, heads, dim].</summary>
    public void Add(ReadOnlySpan<float> queries, int tokens)
    {
        if (tokens == 0)
            return;
        float[] channels = new float[_dim * tokens], shift = new float[_dim];
        for (int head = 0; head < _heads; head++)
        {
            for (int token = 0; token < tokens; token++)
            {
                ReadOnlySpan<float> query = queries.Slice((token * _heads + head) * _dim, _dim);
                for (int i = 0; i < _dim; i++)
                    channels[i * tokens + token] = query[i];
            }

            Merge(head, channels, shift, tokens);
        }

        _count += tokens;
    }

    /// <summary>
    /// Logarithm of the expectation of exp(scale · q·k) over a Gaussian q: scale · μ·k + scale²/2 · kᵀΣk.
    /// </summary>
    /// <param name="head">Query head.</param>
    /// <param name="keys">[dim, count]: keys, a channel after the other.</param>
    /// <param name="scale">Factor on q·k.</param>
    /// <param name="work">[count].</param>
    /// <param name="logits">[count].</param>
    public void Expect(int head, ReadOnlySpan<float> keys, float scale, Span<float> work, Span<float> logits)
    {
        int count = logits.Length;
        logits.Clear();
        for (int i = 0; i < _dim; i++)
        {
            ReadOnlySpan<float> key = keys.Slice(i * count, count);
            TensorPrimitives.MultiplyAdd(key, scale * _means[head * _dim + i], logits, logits);
            if (_scatter.Length == 0 || _count == 0)
                continue;
            ReadOnlySpan<float> row = _scatter.AsSpan((head * _dim + i) * _dim, i + 1);
            float factor = scale * scale / (2 * _count);
            TensorPrimitives.Multiply(key, row[i] * factor, work);
            // Symmetric: what lies below the diagonal counts twice.
            for (int j = 0; j < i; j++)
                TensorPrimitives.MultiplyAdd(keys.Slice(j * count, count), 2 * factor * row[j], work, work);
            TensorPrimitives.MultiplyAdd(key, work, logits, logits);
        }
    }

    /// <summary>Moments that go on from here on their own.</summary>
    public QueryMoments Clone()
    {
        QueryMoments copy = new(_heads, _dim, _scatter.Length > 0) { _count = _count, End = End };
        _means.CopyTo(copy._means, 0);
        _scatter.CopyTo(copy._scatter, 0);
        return copy;
    }

    private void Merge(int head, Span<float> channels, Span<float> shift, int tokens)
    {
        float share = (float)tokens / (_count + tokens);
        for (int i = 0; i < _dim; i++)
        {
            Span<float> channel = channels.Slice(i * tokens, tokens);
            float mean = TensorPrimitives.Sum<float>(channel) / tokens;
            TensorPrimitives.Subtract(channel, mean, channel);
            ref float known = ref _means[head * _dim + i];
            shift[i] = mean - known;
            known += shift[i] * share;
        }

        for (int i = 0; i < _dim && _scatter.Length > 0; i++)
        {
            Span<float> row = _scatter.AsSpan((head * _dim + i) * _dim, i + 1);
            for (int j = 0; j <= i; j++)
            {
                row[j] += TensorPrimitives.Dot<float>(channels.Slice(i * tokens, tokens), channels.Slice(j * tokens, tokens))
                    + shift[i] * shift[j] * share * _count;
            }
        }
    }
}
