using System.Numerics.Tensors;
using Winnow.Kernels.Elementwise;

namespace Winnow.Caching;

/// <summary>Mean and covariance of the unrotated queries of one query head.</summary>
/// <param name="headDim">Channels.</param>
internal sealed class QueryStatistics(int headDim)
{
    private readonly float[] _sum = new float[headDim];
    private readonly float[] _moment = new float[headDim * headDim];
    private int _count;

    private QueryStatistics(QueryStatistics source)
        : this(source._sum.Length)
    {
        _count = source._count;
        source._sum.CopyTo(_sum, 0);
        source._moment.CopyTo(_moment, 0);
    }

    public QueryStatistics Clone() => new(this);

    /// <summary>Counts rows of queries.</summary>
    /// <param name="queries">Rows, <paramref name="stride"/> floats apart, this head's channels first.</param>
    /// <param name="count">Rows.</param>
    /// <param name="stride">Floats from one row to the next.</param>
    public void Add(ReadOnlySpan<float> queries, int count, int stride)
    {
        for (int row = 0; row < count; row++)
            TensorPrimitives.Add(_sum, queries.Slice(row * stride, _sum.Length), _sum);
        GramMatrix.Add(queries, count, stride, _sum.Length, _moment);
        _count += count;
    }

    /// <summary>The mean and the covariance after rotation to the mean of a run of positions.</summary>
    /// <param name="rotation">The mean rotation.</param>
    /// <param name="mean">[headDim].</param>
    /// <param name="covariance">[headDim, headDim].</param>
    public void Predict(MeanRotation rotation, Span<float> mean, Span<float> covariance)
    {
        int dim = _sum.Length;
        TensorPrimitives.Divide(_sum, Math.Max(1, _count), mean);
        TensorPrimitives.Divide(_moment, Math.Max(1, _count), covariance);
        for (int i = 0; i < dim; i++)
            TensorPrimitives.MultiplyAdd(mean, -mean[i], covariance.Slice(i * dim, dim), covariance.Slice(i * dim, dim));
        rotation.Apply(mean);
        // R·Σ·Rᵀ: turn the rows, then, after transposition, what were the columns. Σ is symmetric, so the result is too.
        for (int pass = 0; pass < 2; pass++)
        {
            for (int i = 0; i < dim; i++)
                rotation.Apply(covariance.Slice(i * dim, dim));
            Transpose(covariance, dim);
        }
    }

    private static void Transpose(Span<float> matrix, int dim)
    {
        for (int i = 0; i < dim; i++)
        {
            for (int j = i + 1; j < dim; j++)
                (matrix[(i * dim) + j], matrix[(j * dim) + i]) = (matrix[(j * dim) + i], matrix[(i * dim) + j]);
        }
    }
}

/// <summary>The mean of the rotary rotations of a run of positions: a matrix of 2×2 blocks, shorter than a rotation.</summary>
internal sealed class MeanRotation
{
    private readonly float[] _cos;
    private readonly float[] _sin;
    private readonly RotaryStyle _style;

    /// <summary>Averages the rotations of positions <paramref name="first"/> to <paramref name="first"/> + <paramref name="count"/> − 1.</summary>
    /// <param name="table">The layer's angles; null where there is no rotary embedding, which leaves vectors alone.</param>
    /// <param name="style">Which channels form a pair.</param>
    /// <param name="first">First position.</param>
    /// <param name="count">Positions, at least one.</param>
    public MeanRotation(RotaryTable? table, RotaryStyle style, int first, int count)
    {
        _style = style;
        int pairs = (table?.RotaryDimension ?? 0) / 2;
        (_cos, _sin) = (new float[pairs], new float[pairs]);
        table?.EnsurePositions(first + count);
        for (int position = first; table is not null && position < first + count; position++)
        {
            TensorPrimitives.Add(_cos, table.CosForPosition(position), _cos);
            TensorPrimitives.Add(_sin, table.SinForPosition(position), _sin);
        }

        TensorPrimitives.Divide(_cos, count, _cos);
        TensorPrimitives.Divide(_sin, count, _sin);
    }

    /// <summary>Turns a vector of a head in place.</summary>
    public void Apply(Span<float> head)
    {
        for (int pair = 0; pair < _cos.Length; pair++)
        {
            (int a, int b) = _style == RotaryStyle.Half ? (pair, pair + _cos.Length) : (2 * pair, (2 * pair) + 1);
            (head[a], head[b]) = ((head[a] * _cos[pair]) - (head[b] * _sin[pair]), (head[b] * _cos[pair]) + (head[a] * _sin[pair]));
        }
    }
}
