using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Winnow.Kernels.Linear.Formats;

namespace Winnow.Kernels.Linear;

/// <summary>
/// The product for one or a few tokens, bound by reading the weights: every row is read once, straight from its stored form, and unpacked in registers.
/// </summary>
internal static unsafe class QuantizedRowKernel<TFormat>
    where TFormat : struct, IBlockFormat
{
    /// <summary>Computes rows <paramref name="first"/> to <paramref name="end"/> − 1 for all tokens.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Multiply(in LinearPart part, in LinearInputs inputs, int first, int end, float* scratch)
    {
        InputGroups groups = inputs.Groups(TFormat.GroupLength);
        float* scales = scratch, minima = scratch + groups.Stride, products = scratch + 2 * groups.Stride;
        // The vectors past the last group are multiplied with zeros: they must be finite, and no row writes them.
        new Span<float>(scratch, 2 * groups.Stride).Clear();
        for (int r = first; r < end; r++)
        {
            byte* row = part.Weight + (nint)r * part.RowBytes;
            TFormat.RowScales(row, inputs.Columns, scales, minima);
            for (int t = 0; t < inputs.Tokens; t++)
            {
                float outside = GroupTerms(groups, (nint)t * groups.Stride, scales, minima, products);
                sbyte* high = inputs.High + (nint)t * inputs.Columns, low = inputs.Low + (nint)t * inputs.Columns;
                part.Y[(nint)t * part.YStride + r] = outside + Dot(row, high, low, products, inputs.Columns / 32);
            }
        }
    }

    /// <summary>
    /// Writes weight scale × input scale of each group, and returns the terms that need one product a group: minima, or the centre of the codes.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float GroupTerms(in InputGroups groups, nint at, float* scales, float* minima, float* products)
    {
        Vector256<float> terms = default;
        for (int i = 0; i < groups.Stride; i += 8)
        {
            Vector256<float> scale = Vector256.Load(scales + i);
            (scale * Vector256.Load(groups.Scales + at + i)).Store(products + i);
            terms = Vector256.FusedMultiplyAdd(TFormat.HasMinimum ? Vector256.Load(minima + i) : scale, Vector256.Load(groups.Sums + at + i), terms);
        }
        return TFormat.HasMinimum ? Vector256.Sum(terms) : -ByteDot.Centre<TFormat>() * Vector256.Sum(terms);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float Dot(byte* row, sbyte* high, sbyte* low, float* products, int parts)
    {
        Vector256<float> even = default, odd = default;
        int i = 0;
        if (TFormat.BlockLength == 256)
        {
            // Constant part numbers turn the formats' shifts and offsets into immediate operands.
            for (; i < parts; i += 8, row += TFormat.BlockBytes)
            {
                even = AddPart(even, row, 0, high, low, products, i);
                odd = AddPart(odd, row, 1, high, low, products, i + 1);
                even = AddPart(even, row, 2, high, low, products, i + 2);
                odd = AddPart(odd, row, 3, high, low, products, i + 3);
                even = AddPart(even, row, 4, high, low, products, i + 4);
                odd = AddPart(odd, row, 5, high, low, products, i + 5);
                even = AddPart(even, row, 6, high, low, products, i + 6);
                odd = AddPart(odd, row, 7, high, low, products, i + 7);
            }
            return Vector256.Sum(even + odd);
        }
        for (; i <= parts - 2; i += 2, row += 2 * TFormat.BlockBytes)
        {
            even = AddPart(even, row, 0, high, low, products, i);
            odd = AddPart(odd, row + TFormat.BlockBytes, 0, high, low, products, i + 1);
        }
        if (i < parts)
            even = AddPart(even, row, 0, high, low, products, i);
        return Vector256.Sum(even + odd);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> AddPart(Vector256<float> sum, byte* block, int part, sbyte* high, sbyte* low, float* products, nint i)
    {
        Vector256<byte> codes = TFormat.Codes(block, part);
        Vector256<float> dot = ByteDot.Dot<TFormat>(codes, Vector256.Load(high + 32 * i), Vector256.Load(low + 32 * i));
        Vector256<float> product = TFormat.GroupLength == 32
            ? Vector256.Create(products[i])
            : Vector256.Create(Vector128.Create(products[2 * i]), Vector128.Create(products[2 * i + 1]));
        return Vector256.FusedMultiplyAdd(dot, product, sum);
    }
}
