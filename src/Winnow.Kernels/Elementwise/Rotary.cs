using System.Runtime.Intrinsics;

namespace Winnow.Kernels.Elementwise;

/// <summary>Rotary position embedding (Su et al. 2021).</summary>
public static class Rotary
{
    /// <summary>Rotates the leading <see cref="RotaryTable.RotaryDimension"/> values of every head in place.</summary>
    /// <param name="table">Angles.</param>
    /// <param name="style">Which values form a pair.</param>
    /// <param name="heads">[heads, headDim] of one token.</param>
    /// <param name="headDim">Values of one head.</param>
    /// <param name="position">True position of the token.</param>
    /// <exception cref="ArgumentException"><paramref name="heads"/> is not a whole number of heads, or a head is shorter than the rotary dimension.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The position is not in the table.</exception>
    public static void Apply(RotaryTable table, RotaryStyle style, Span<float> heads, int headDim, int position)
    {
        if (headDim < table.RotaryDimension || heads.Length % headDim != 0)
            throw new ArgumentException($"{heads.Length} values are not whole heads of {headDim} with a rotary dimension of {table.RotaryDimension}");
        ReadOnlySpan<float> cos = table.CosForPosition(position), sin = table.SinForPosition(position);
        for (int head = 0; head < heads.Length; head += headDim)
        {
            Span<float> rotated = heads.Slice(head, table.RotaryDimension);
            if (style == RotaryStyle.Half)
                TurnHalves(rotated[..cos.Length], rotated[cos.Length..], cos, sin);
            else
                TurnNeighbours(rotated, cos, sin);
        }
    }

    private static void TurnHalves(Span<float> first, Span<float> second, ReadOnlySpan<float> cos, ReadOnlySpan<float> sin)
    {
        int i = 0;
        for (; i <= first.Length - Vector256<float>.Count; i += Vector256<float>.Count)
        {
            Vector256<float> a = Vector256.LoadUnsafe(ref first[i]), b = Vector256.LoadUnsafe(ref second[i]);
            Vector256<float> c = Vector256.Create(cos[i..]), s = Vector256.Create(sin[i..]);
            (a * c - b * s).StoreUnsafe(ref first[i]);
            (b * c + a * s).StoreUnsafe(ref second[i]);
        }
        for (; i < first.Length; i++)
            (first[i], second[i]) = (first[i] * cos[i] - second[i] * sin[i], second[i] * cos[i] + first[i] * sin[i]);
    }

    private static void TurnNeighbours(Span<float> values, ReadOnlySpan<float> cos, ReadOnlySpan<float> sin)
    {
        int i = 0;
        for (; i <= cos.Length - Vector128<float>.Count; i += Vector128<float>.Count)
        {
            Vector256<float> pairs = Vector256.LoadUnsafe(ref values[2 * i]);
            Vector256<float> c = Twice(Vector128.Create(cos[i..])), s = Twice(Vector128.Create(sin[i..]));
            Vector256<float> swapped = Vector256.Shuffle(pairs, Vector256.Create(1, 0, 3, 2, 5, 4, 7, 6));
            (pairs * c + swapped * (s * Vector256.Create(-1f, 1, -1, 1, -1, 1, -1, 1))).StoreUnsafe(ref values[2 * i]);
        }
        for (; i < cos.Length; i++)
        {
            (float a, float b) = (values[2 * i], values[2 * i + 1]);
            (values[2 * i], values[2 * i + 1]) = (a * cos[i] - b * sin[i], b * cos[i] + a * sin[i]);
        }
    }

    /// <summary>Each element twice, side by side.</summary>
    private static Vector256<float> Twice(Vector128<float> values) =>
        Vector256.Shuffle(Vector256.Create(values, values), Vector256.Create(0, 0, 1, 1, 6, 6, 7, 7));
}
