using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Winnow.Kernels.Linear.Formats;

/// <summary>Fields that 256-value formats have in common.</summary>
internal static unsafe class SuperBlockFields
{
    private const uint LowFour = 0x0F0F0F0F;
    private const uint LowTwo = 0x03030303;
    private const uint LowSix = 0x3F3F3F3F;

    /// <summary>(bytes ≫ shift) &amp; mask for each of 32 bytes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> Bits(byte* bytes, int shift, byte mask) =>
        (Vector256.Load(bytes).AsUInt16() >> shift).AsByte() & Vector256.Create(mask);

    /// <summary>The same, moved left by <paramref name="to"/> afterwards.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> Bits(byte* bytes, int shift, byte mask, int to) => (Bits(bytes, shift, mask).AsUInt16() << to).AsByte();

    /// <summary>Eight unsigned bytes times a factor.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Scaled(ulong bytes, float factor)
    {
        Vector128<ushort> shorts = Vector128.WidenLower(Vector128.CreateScalar(bytes).AsByte());
        return Vector256.ConvertToSingle(Vector256.Create(Vector128.WidenLower(shorts), Vector128.WidenUpper(shorts)).AsInt32()) * factor;
    }

    /// <summary>Eight signed bytes times a factor.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> ScaledSigned(ulong bytes, float factor)
    {
        Vector128<short> shorts = Vector128.WidenLower(Vector128.CreateScalar(bytes).AsSByte());
        return Vector256.ConvertToSingle(Vector256.Create(Vector128.WidenLower(shorts), Vector128.WidenUpper(shorts))) * factor;
    }

    /// <summary>Scales and minima of Q4_K and Q5_K: two f16 numbers, then 2 × 8 six-bit integers in 12 bytes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void SixBitScales(byte* row, int blockBytes, int blocks, float* scales, float* minima)
    {
        for (int i = 0; i < blocks; i++, row += blockBytes)
        {
            float d = SmallBlockFields.Float(row), dMin = SmallBlockFields.Float(row + 2);
            (ulong scaleBytes, ulong minimumBytes) = SixBitBytes(row);
            Scaled(scaleBytes, d).Store(scales + 8 * i);
            Scaled(minimumBytes, -dMin).Store(minima + 8 * i);
        }
    }

    /// <summary>The eight scales and the eight minima of a block of Q4_K or Q5_K as they are before they meet its two halves, a byte each.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static (ulong Scales, ulong Minima) SixBitBytes(byte* block)
    {
        uint first = ((uint*)block)[1], second = ((uint*)block)[2], third = ((uint*)block)[3];
        ulong scales = first & LowSix | (ulong)(third & LowFour | (first >> 6 & LowTwo) << 4) << 32;
        ulong minima = second & LowSix | (ulong)(third >> 4 & LowFour | (second >> 6 & LowTwo) << 4) << 32;
        return (scales, minima);
    }

    /// <summary>What the scales and the minima of a block of Q4_K or Q5_K are multiplied with; minima are stored with the other sign.</summary>
    public static (Half Scale, Half Minimum) SixBitFactors(byte* block) => (((Half*)block)[0], -((Half*)block)[1]);

    /// <summary>Scale and minimum of each group of a block of Q4_K or Q5_K, a byte each.</summary>
    public static Vector128<byte> SixBitPairs(byte* block)
    {
        (ulong scales, ulong minima) = SixBitBytes(block);
        return Vector128.Shuffle(
            Vector128.Create(scales, minima).AsByte(), Vector128.Create((byte)0, 8, 1, 9, 2, 10, 3, 11, 4, 12, 5, 13, 6, 14, 7, 15));
    }

    /// <summary>The 16 signed scales of Q3_K from its 12 packed bytes, lower and upper eight.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static (ulong Lower, ulong Upper) ThreeBitScales(byte* packed)
    {
        ulong low = Unsafe.ReadUnaligned<ulong>(packed);
        uint high = Unsafe.ReadUnaligned<uint>(packed + 8);
        ulong lower = low & 0x0F0F0F0F0F0F0F0F | ((ulong)(high & LowTwo) | (ulong)(high >> 2 & LowTwo) << 32) << 4;
        ulong upper = low >> 4 & 0x0F0F0F0F0F0F0F0F | ((ulong)(high >> 4 & LowTwo) | (ulong)(high >> 6 & LowTwo) << 32) << 4;
        return (lower, upper);
    }
}
