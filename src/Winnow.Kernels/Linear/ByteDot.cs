using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Winnow.Kernels.Linear.Formats;

namespace Winnow.Kernels.Linear;

/// <summary>
/// The one integer step of all kernels: each 32-bit lane of the sum gains four products of unsigned codes and signed inputs. A sum is built with
/// <see cref="Add{TFormat}"/> from zero over at most 32 values a lane, then read with <see cref="Finish{TFormat}"/>.
/// </summary>
/// <remarks>
/// With the byte dot instruction a step is one operation. Without it, products are added in pairs as 16-bit integers, which must not overflow:
/// inputs reach ±127, so codes of up to 4 bits can stay in 16 bits for 8 steps (15 · 127 · 2 · 8 = 30,480), codes of up to 6 bits for one, and 8-bit codes
/// go back to signed form first (their centre is then zero). The last branch serves processors without AVX2.
/// </remarks>
internal static class ByteDot
{
    /// <summary>The code that the integer sums still contain; see <see cref="IBlockFormat.Centre"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Centre<TFormat>()
        where TFormat : struct, IBlockFormat => UsesSignedCodes<TFormat>() ? 0 : TFormat.Centre;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> Add<TFormat>(Vector256<int> sum, Vector256<byte> codes, Vector256<sbyte> inputs)
        where TFormat : struct, IBlockFormat
    {
        if (AvxVnni.IsSupported)
            return AvxVnni.MultiplyWideningAndAdd(sum, codes, inputs);
        if (!Avx2.IsSupported)
            return AddPortable(sum, codes, inputs);
        if (UsesSignedCodes<TFormat>())
        {
            Vector256<sbyte> signed = (codes ^ Vector256.Create((byte)0x80)).AsSByte();
            return sum + Widen(Avx2.MultiplyAddAdjacent(Avx2.Abs(signed), Avx2.Sign(inputs, signed)));
        }
        Vector256<short> pairs = Avx2.MultiplyAddAdjacent(codes, inputs);
        return StaysShort<TFormat>() ? (sum.AsInt16() + pairs).AsInt32() : sum + Widen(pairs);
    }

    /// <summary>The 32-bit lanes of a sum; exact up to 8-bit codes × 15-bit inputs × 32 values when the high byte's sum is then shifted by 8.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> Finish<TFormat>(Vector256<int> sum)
        where TFormat : struct, IBlockFormat => StaysShort<TFormat>() ? Widen(sum.AsInt16()) : sum;

    /// <summary>Products of codes with both bytes of the inputs, as floats.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Dot<TFormat>(Vector256<byte> codes, Vector256<sbyte> high, Vector256<sbyte> low)
        where TFormat : struct, IBlockFormat => Join<TFormat>(Add<TFormat>(default, codes, high), Add<TFormat>(default, codes, low));

    /// <summary>256 · high + low of two sums.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Join<TFormat>(Vector256<int> high, Vector256<int> low)
        where TFormat : struct, IBlockFormat => Vector256.ConvertToSingle((Finish<TFormat>(high) << 8) + Finish<TFormat>(low));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool UsesSignedCodes<TFormat>()
        where TFormat : struct, IBlockFormat => TFormat.CodeBits > 6 && Avx2.IsSupported && !AvxVnni.IsSupported;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool StaysShort<TFormat>()
        where TFormat : struct, IBlockFormat => TFormat.CodeBits <= 4 && Avx2.IsSupported && !AvxVnni.IsSupported;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<int> Widen(Vector256<short> pairs) => Avx2.MultiplyAddAdjacent(pairs, Vector256<short>.One);

    private static Vector256<int> AddPortable(Vector256<int> sum, Vector256<byte> codes, Vector256<sbyte> inputs)
    {
        for (int shift = 0; shift < 32; shift += 8)
        {
            Vector256<int> code = codes.AsInt32() >>> shift & Vector256.Create(255);
            Vector256<int> input = inputs.AsInt32() << (24 - shift) >> 24;
            sum += code * input;
        }
        return sum;
    }
}
