using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Winnow.Kernels.Blocks;

namespace Winnow.Kernels.Linear.Formats;

/// <summary><see cref="TensorType.Q4_0"/>.</summary>
internal readonly unsafe struct Q4_0Format : IBlockFormat
{
    public static int BlockLength => 32;

    public static int BlockBytes => 18;

    public static int GroupLength => 32;

    public static int CodeBits => 4;

    public static float Centre => 8;

    public static bool HasMinimum => false;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> Codes(byte* block, int part) => SmallBlockFields.Nibbles(block + 2);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void RowScales(byte* row, int columns, float* scales, float* minima) => SmallBlockFields.Read(row, 18, columns / 32, scales, null);
}

/// <summary><see cref="TensorType.Q4_1"/>.</summary>
internal readonly unsafe struct Q4_1Format : IBlockFormat
{
    public static int BlockLength => 32;

    public static int BlockBytes => 20;

    public static int GroupLength => 32;

    public static int CodeBits => 4;

    public static float Centre => 0;

    public static bool HasMinimum => true;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> Codes(byte* block, int part) => SmallBlockFields.Nibbles(block + 4);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void RowScales(byte* row, int columns, float* scales, float* minima) => SmallBlockFields.Read(row, 20, columns / 32, scales, minima);
}

/// <summary><see cref="TensorType.Q5_0"/>.</summary>
internal readonly unsafe struct Q5_0Format : IBlockFormat
{
    public static int BlockLength => 32;

    public static int BlockBytes => 22;

    public static int GroupLength => 32;

    public static int CodeBits => 5;

    public static float Centre => 16;

    public static bool HasMinimum => false;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> Codes(byte* block, int part) => SmallBlockFields.Nibbles(block + 6) | SmallBlockFields.FifthBits(block + 2);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void RowScales(byte* row, int columns, float* scales, float* minima) => SmallBlockFields.Read(row, 22, columns / 32, scales, null);
}

/// <summary><see cref="TensorType.Q5_1"/>.</summary>
internal readonly unsafe struct Q5_1Format : IBlockFormat
{
    public static int BlockLength => 32;

    public static int BlockBytes => 24;

    public static int GroupLength => 32;

    public static int CodeBits => 5;

    public static float Centre => 0;

    public static bool HasMinimum => true;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> Codes(byte* block, int part) => SmallBlockFields.Nibbles(block + 8) | SmallBlockFields.FifthBits(block + 4);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void RowScales(byte* row, int columns, float* scales, float* minima) => SmallBlockFields.Read(row, 24, columns / 32, scales, minima);
}

/// <summary><see cref="TensorType.Q8_0"/>: the sign bit is flipped, so that codes are unsigned around 128.</summary>
internal readonly unsafe struct Q8_0Format : IBlockFormat
{
    public static int BlockLength => 32;

    public static int BlockBytes => 34;

    public static int GroupLength => 32;

    public static int CodeBits => 8;

    public static float Centre => 128;

    public static bool HasMinimum => false;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> Codes(byte* block, int part) => Vector256.Load(block + 2) ^ Vector256.Create((byte)0x80);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void RowScales(byte* row, int columns, float* scales, float* minima) => SmallBlockFields.Read(row, 34, columns / 32, scales, null);
}

/// <summary><see cref="TensorType.IQ4_NL"/>: codes are the levels of its table, moved up by 128.</summary>
internal readonly unsafe struct IQ4_NLFormat : IBlockFormat
{
    public static int BlockLength => 32;

    public static int BlockBytes => 18;

    public static int GroupLength => 32;

    public static int CodeBits => 8;

    public static float Centre => 128;

    public static bool HasMinimum => false;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> Codes(byte* block, int part)
    {
        Vector128<byte> levels = Vector128.Create((byte)1, 24, 45, 63, 79, 93, 106, 118, 129, 141, 153, 166, 181, 197, 217, 241);
        Vector256<byte> indices = SmallBlockFields.Nibbles(block + 2);
        return Vector256.Create(Vector128.Shuffle(levels, indices.GetLower()), Vector128.Shuffle(levels, indices.GetUpper()));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void RowScales(byte* row, int columns, float* scales, float* minima) => SmallBlockFields.Read(row, 18, columns / 32, scales, null);
}
