using System.Numerics;

namespace Winnow.Kernels.Elementwise;

/// <summary>Sums of outer products, as covariances need them.</summary>
public static class GramMatrix
{
    /// <summary>matrix += Σ over the rows of x·xᵀ.</summary>
    /// <param name="rows">Rows of <paramref name="width"/> floats, <paramref name="stride"/> apart.</param>
    /// <param name="count">Rows.</param>
    /// <param name="stride">Floats from one row to the next.</param>
    /// <param name="width">Columns.</param>
    /// <param name="matrix">[width, width].</param>
    public static void Add(ReadOnlySpan<float> rows, int count, int stride, int width, Span<float> matrix)
    {
        for (int i = 0; i < width; i++)
        {
            Span<float> target = matrix.Slice(i * width, width);
            int column = 0;
            for (; column + (4 * Vector<float>.Count) <= width; column += 4 * Vector<float>.Count)
                AddBlock(rows[column..], rows[i..], count, stride, target[column..]);
            for (; column < width; column++)
            {
                float sum = 0;
                for (int row = 0; row < count; row++)
                    sum += rows[(row * stride) + i] * rows[(row * stride) + column];
                target[column] += sum;
            }
        }
    }

    /// <summary>Four vectors of one matrix row stay in registers while all rows pass.</summary>
    private static void AddBlock(ReadOnlySpan<float> columns, ReadOnlySpan<float> factors, int count, int stride, Span<float> target)
    {
        int wide = Vector<float>.Count;
        Vector<float> a = new(target), b = new(target[wide..]), c = new(target[(2 * wide)..]), d = new(target[(3 * wide)..]);
        for (int row = 0; row < count; row++)
        {
            ReadOnlySpan<float> x = columns.Slice(row * stride, 4 * wide);
            Vector<float> factor = new(factors[row * stride]);
            a += factor * new Vector<float>(x);
            b += factor * new Vector<float>(x[wide..]);
            c += factor * new Vector<float>(x[(2 * wide)..]);
            d += factor * new Vector<float>(x[(3 * wide)..]);
        }

        a.CopyTo(target);
        b.CopyTo(target[wide..]);
        c.CopyTo(target[(2 * wide)..]);
        d.CopyTo(target[(3 * wide)..]);
    }
}
