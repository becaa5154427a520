using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Winnow.Kernels.Blocks;

namespace Winnow.Kernels.Linear.Formats;

/// <summary><see cref="TensorType.Q2_K"/>: 16 bytes scale | minimum nibbles, 64 bytes codes, f16 scale, f16 minimum.</summary>
internal readonly unsafe struct Q2_KFormat : IBlockFormat
{
    public static int BlockLength => 256;

    public static int BlockBytes => 84;

    public static int GroupLength => 16;

    public static int CodeBits => 2;

    public static float Centre => 0;

    public static bool HasMinimum => true;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> Codes(byte* block, int part) => SuperBlockFields.Bits(block + 16 + part / 4 * 32, part % 4 * 2, 3);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void RowScales(byte* row, int columns, float* scales, float* minima)
    {
        for (int i = 0; i < columns / 16; i += 8)
        {
            byte* block = row + i / 16 * BlockBytes;
            ulong packed = Unsafe.ReadUnaligned<ulong>(block + i % 16);
            SuperBlockFields.Scaled(packed & 0x0F0F0F0F0F0F0F0F, SmallBlockFields.Float(block + 80)).Store(scales + i);
            SuperBlockFields.Scaled(packed >> 4 & 0x0F0F0F0F0F0F0F0F, -SmallBlockFields.Float(block + 82)).Store(minima + i);
        }
    }
}

/// <summary><see cref="TensorType.Q3_K"/>: 32 bytes high bits, 64 bytes low bits, 12 bytes scales, f16 scale.</summary>
internal readonly unsafe struct Q3_KFormat : IBlockFormat
{
    public static int BlockLength => 256;

    public static int BlockBytes => 110;

    public static int GroupLength => 16;

    public static int CodeBits => 3;

    public static float Centre => 4;

    public static bool HasMinimum => false;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> Codes(byte* block, int part) =>
        SuperBlockFields.Bits(block + 32 + part / 4 * 32, part % 4 * 2, 3) | SuperBlockFields.Bits(block, part, 1, to: 2);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void RowScales(byte* row, int columns, float* scales, float* minima)
    {
        for (int i = 0; i < columns / 16; i += 16, row += BlockBytes)
        {
            float d = SmallBlockFields.Float(row + 108);
            (ulong lower, ulong upper) = SuperBlockFields.ThreeBitScales(row + 96);
            // Stored scales are moved up by 32.
            (SuperBlockFields.Scaled(lower, d) - Vector256.Create(32 * d)).Store(scales + i);
            (SuperBlockFields.Scaled(upper, d) - Vector256.Create(32 * d)).Store(scales + i + 8);
        }
    }
}

/// <summary><see cref="TensorType.Q4_K"/>: f16 scale, f16 minimum, 12 bytes scales and minima, 128 bytes codes.</summary>
internal readonly unsafe struct Q4_KFormat : IByteScaleFormat
{
    public static int BlockLength => 256;

    public static int BlockBytes => 144;

    public static int GroupLength => 32;

    public static int CodeBits => 4;

    public static float Centre => 0;

    public static bool HasMinimum => true;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> Codes(byte* block, int part) => SuperBlockFields.Bits(block + 16 + part / 2 * 32, part % 2 * 4, 15);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void RowScales(byte* row, int columns, float* scales, float* minima) =>
        SuperBlockFields.SixBitScales(row, BlockBytes, columns / BlockLength, scales, minima);

    public static (Half First, Half Second) Factors(byte* block) => SuperBlockFields.SixBitFactors(block);

    public static Vector128<byte> ScaleBytes(byte* block) => SuperBlockFields.SixBitPairs(block);
}

/// <summary><see cref="TensorType.Q5_K"/>: as <see cref="TensorType.Q4_K"/> with 32 bytes of fifth bits before the codes.</summary>
internal readonly unsafe struct Q5_KFormat : IByteScaleFormat
{
    public static int BlockLength => 256;

    public static int BlockBytes => 176;

    public static int GroupLength => 32;

    public static int CodeBits => 5;

    public static float Centre => 0;

    public static bool HasMinimum => true;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> Codes(byte* block, int part) =>
        SuperBlockFields.Bits(block + 48 + part / 2 * 32, part % 2 * 4, 15) | SuperBlockFields.Bits(block + 16, part, 1, to: 4);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void RowScales(byte* row, int columns, float* scales, float* minima) =>
        SuperBlockFields.SixBitScales(row, BlockBytes, columns / BlockLength, scales, minima);

    public static (Half First, Half Second) Factors(byte* block) => SuperBlockFields.SixBitFactors(block);

    public static Vector128<byte> ScaleBytes(byte* block) => SuperBlockFields.SixBitPairs(block);
}

/// <summary><see cref="TensorType.Q6_K"/>: 128 bytes low nibbles, 64 bytes high bit pairs, 16 signed scales, f16 scale.</summary>
internal readonly unsafe struct Q6_KFormat : IByteScaleFormat
{
    public static int BlockLength => 256;

    public static int BlockBytes => 210;

    public static int GroupLength => 16;

    public static int CodeBits => 6;

    public static float Centre => 32;

    public static bool HasMinimum => false;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> Codes(byte* block, int part) =>
        SuperBlockFields.Bits(block + part / 4 * 64 + part % 2 * 32, part / 2 % 2 * 4, 15)
        | SuperBlockFields.Bits(block + 128 + part / 4 * 32, part % 4 * 2, 3, to: 4);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void RowScales(byte* row, int columns, float* scales, float* minima)
    {
        for (int i = 0; i < columns / 16; i += 8)
        {
            byte* block = row + i / 16 * BlockBytes;
            float d = SmallBlockFields.Float(block + 208);
            SuperBlockFields.ScaledSigned(Unsafe.ReadUnaligned<ulong>(block + 192 + i % 16), d).Store(scales + i);
        }
    }

    public static (Half First, Half Second) Factors(byte* block)
    {
        Half d = Unsafe.ReadUnaligned<Half>(block + 208);
        return (d, d);
    }

    public static Vector128<byte> ScaleBytes(byte* block) => Vector128.Load(block + 192);
}
