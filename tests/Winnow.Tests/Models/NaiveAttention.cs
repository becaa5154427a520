using Winnow.Kernels.Elementwise;
using Winnow.Models;

namespace Winnow.Tests.Models;

/// <summary>Attention as its definition says, in double precision over everything seen: the oracle for caches, and a cache for tests of models.</summary>
internal sealed class NaiveAttention(DecoderModel model) : SequenceAttention
{
    private readonly List<double[]>[] _keys = [.. Enumerable.Range(0, model.Config.Layers).Select(_ => new List<double[]>())];
    private readonly List<double[]>[] _values = [.. Enumerable.Range(0, model.Config.Layers).Select(_ => new List<double[]>())];
    private int _position;

    public override int PositionOf(int row) => _position + row;

    /// <summary>Time spent here, to subtract from a measured pass.</summary>
    public TimeSpan Elapsed { get; private set; }

    /// <summary>Runs tokens through the model and moves on; gives the logits of the rows from <paramref name="firstLogitRow"/> on.</summary>
    public float[][] Run(ReadOnlySpan<int> tokens, int firstLogitRow = 0)
    {
        List<float[]> rows = [];
        model.Forward(tokens, this, firstLogitRow, (_, logits) => rows.Add(logits.ToArray()));
        _position += tokens.Length;
        return [.. rows];
    }

    public override void Attend(int layer, Span<float> queries, Span<float> keys, Span<float> values, int tokens, Span<float> output)
    {
        long start = System.Diagnostics.Stopwatch.GetTimestamp();
        AttentionShape shape = model.Attention(layer);
        int keyWidth = shape.KvHeads * shape.HeadDim, queryWidth = shape.QueryHeads * shape.HeadDim;
        for (int t = 0; t < tokens; t++)
        {
            _keys[layer].Add(Rotated(keys.Slice(t * keyWidth, keyWidth), shape, _position + t));
            _values[layer].Add(Widened(values.Slice(t * keyWidth, keyWidth)));
        }
        for (int t = 0; t < tokens; t++)
        {
            double[] query = Rotated(queries.Slice(t * queryWidth, queryWidth), shape, _position + t);
            for (int head = 0; head < shape.QueryHeads; head++)
                AttendHead(layer, shape, query, head, _position + t, output.Slice(t * queryWidth + head * shape.HeadDim, shape.HeadDim));
        }
        Elapsed += System.Diagnostics.Stopwatch.GetElapsedTime(start);
    }

    private void AttendHead(int layer, AttentionShape shape, double[] query, int head, int position, Span<float> output)
    {
        int dim = shape.HeadDim, kv = head / shape.GroupSize * dim;
        int first = shape.SlidingWindow > 0 ? Math.Max(0, position - shape.SlidingWindow + 1) : 0;
        double[] scores = new double[position + 1 - first];
        for (int i = 0; i < scores.Length; i++)
        {
            double[] key = _keys[layer][first + i];
            for (int c = 0; c < dim; c++)
                scores[i] += query[head * dim + c] * key[kv + c];
            scores[i] *= shape.Scale;
            if (shape.LogitSoftCap > 0)
                scores[i] = shape.LogitSoftCap * Math.Tanh(scores[i] / shape.LogitSoftCap);
        }
        double largest = scores.Max();
        double sum = scores.Sum(score => Math.Exp(score - largest));
        for (int c = 0; c < dim; c++)
        {
            double mixed = 0;
            for (int i = 0; i < scores.Length; i++)
                mixed += Math.Exp(scores[i] - largest) * _values[layer][first + i][kv + c];
            output[c] = (float)(mixed / sum);
        }
    }

    private static double[] Rotated(ReadOnlySpan<float> heads, AttentionShape shape, int position)
    {
        double[] rotated = Widened(heads);
        if (shape.Rotary is not { } table)
            return rotated;
        ReadOnlySpan<float> cos = table.CosForPosition(position), sin = table.SinForPosition(position);
        for (int head = 0; head < heads.Length; head += shape.HeadDim)
        {
            for (int pair = 0; pair < cos.Length; pair++)
            {
                bool half = shape.RotaryStyle == RotaryStyle.Half;
                int a = head + (half ? pair : 2 * pair), b = half ? a + cos.Length : a + 1;
                rotated[a] = heads[a] * (double)cos[pair] - heads[b] * (double)sin[pair];
                rotated[b] = heads[b] * (double)cos[pair] + heads[a] * (double)sin[pair];
            }
        }
        return rotated;
    }

    private static double[] Widened(ReadOnlySpan<float> values)
    {
        double[] wide = new double[values.Length];
        for (int i = 0; i < wide.Length; i++)
            wide[i] = values[i];
        return wide;
    }
}
