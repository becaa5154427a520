using System.Numerics.Tensors;
using Winnow.Kernels.Elementwise;

namespace Winnow.Caching.Statistics;

/// <summary>The mean of the rotary rotations at a run of positions: not a rotation itself, it also shrinks what turns fast.</summary>
internal sealed class MeanRotation
{
    private float[] _cos = [];
    private float[] _sin = [];
    private RotaryTable? _table;
    private RotaryStyle _style;

    /// <summary>Averages over <paramref name="count"/> positions.</summary>
    /// <param name="table">Angles; null for a model that does not rotate.</param>
    /// <param name="style">Which channels form a pair.</param>
    /// <param name="first">First position.</param>
    /// <param name="count">Positions.</param>
    public void Prepare(RotaryTable? table, RotaryStyle style, int first, int count)
    {
        (_table, _style) = (table, style);
        if (table is null)
            return;
        table.EnsurePositions(first + count);
        int pairs = table.RotaryDimension / 2;
        (_cos, _sin) = (_cos.Length == pairs ? _cos : new float[pairs], _sin.Length == pairs ? _sin : new float[pairs]);
        Average(_cos, table.CosForPosition);
        Average(_sin, table.SinForPosition);

        void Average(Span<float> mean, Func<int, ReadOnlySpan<float>> row)
        {
            mean.Clear();
            for (int position = first; position < first + count; position++)
                TensorPrimitives.Add(mean, row(position), mean);
            TensorPrimitives.Multiply(mean, 1f / count, mean);
        }
    }

    /// <summary>Multiplies a vector by the transpose: R̄ᵀk, so that (R̄ᵀk)·q = k·(R̄q).</summary>
    /// <param name="vector">[headDim]; channels beyond the rotary dimension stay.</param>
    public void ApplyTransposed(Span<float> vector)
    {
        if (_table is null)
            return;
        (int step, int partner) = _style == RotaryStyle.Half ? (1, _cos.Length) : (2, 1);
        for (int pair = 0; pair < _cos.Length; pair++)
        {
            ref float a = ref vector[pair * step], b = ref vector[pair * step + partner];
            (a, b) = (a * _cos[pair] + b * _sin[pair], b * _cos[pair] - a * _sin[pair]);
        }
    }
}
