using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Winnow.Kernels.Assembled;
using Winnow.Kernels.Blocks;
using Winnow.Kernels.Linear.Formats;
using Winnow.Kernels.Memory;

namespace Winnow.Kernels.Linear;

/// <summary>Lays stored rows out as <see cref="PackedTile"/> describes. Nothing is rounded: the packed matrix holds the same codes and scales.</summary>
internal static unsafe class WeightPacker
{
    private const ulong Nibbles = 0x0F0F0F0F0F0F0F0F;

    /// <summary>Columns of eight in the order of <see cref="PackedTile"/>, four times.</summary>
    internal static Vector256<byte> Order => Vector256.Create(
        (byte)0, 4, 2, 6, 1, 5, 3, 7, 8, 12, 10, 14, 9, 13, 11, 15, 16, 20, 18, 22, 17, 21, 19, 23, 24, 28, 26, 30, 25, 29, 27, 31);

    /// <summary>Whether the assembled product serves a matrix on this machine.</summary>
    public static bool Serves(WeightMatrix matrix) =>
        matrix.Type is TensorType.Q4_0 or TensorType.Q4_1 or TensorType.Q5_0 or TensorType.Q5_1 or TensorType.Q8_0
        && matrix.Columns % PackedTile.Columns == 0 && Bmi2.X64.IsSupported && AssembledKernels.IsSupported;

    /// <summary>Packs a matrix.</summary>
    /// <returns>The packed rows, or null where the assembled product does not serve the matrix, or they are too many for one buffer.</returns>
    public static NativeBuffer<byte>? Pack(WeightMatrix matrix)
    {
        if (!Serves(matrix))
            return null;
        return matrix.Type switch
        {
            TensorType.Q4_0 => Pack<Q4_0Format>(matrix),
            TensorType.Q4_1 => Pack<Q4_1Format>(matrix),
            TensorType.Q5_0 => Pack<Q5_0Format>(matrix),
            TensorType.Q5_1 => Pack<Q5_1Format>(matrix),
            _ => Pack<Q8_0Format>(matrix),
        };
    }

    private static NativeBuffer<byte>? Pack<TFormat>(WeightMatrix matrix)
        where TFormat : struct, IBlockFormat
    {
        int groups = matrix.Columns / PackedTile.Columns, panels = (matrix.Rows + WordTile.Rows - 1) / WordTile.Rows;
        long panelBytes = (long)groups * PackedTile.RecordBytes(matrix.Type);
        if (panels * panelBytes > Array.MaxLength)
            return null;
        NativeBuffer<byte> packed = new((int)(panels * panelBytes));
        using NativeBuffer<float> scales = new(2 * LinearWorkspace.RoundUp(groups, 8));
        for (int row = 0; row < matrix.Rows; row++)
        {
            byte* stored = matrix.Data.Pointer + (nint)row * matrix.RowBytes;
            PackRow<TFormat>(matrix, stored, packed.Pointer + row / WordTile.Rows * (nint)panelBytes, row % WordTile.Rows, groups, scales);
        }
        return packed;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void PackRow<TFormat>(WeightMatrix matrix, byte* stored, byte* record, int row, int groups, NativeBuffer<float> scratch)
        where TFormat : struct, IBlockFormat
    {
        float* scales = scratch.Pointer, minima = scales + scratch.Length / 2;
        int recordBytes = PackedTile.RecordBytes(matrix.Type), main = PackedTile.MainBytes(matrix.Type), scaleOffset = PackedTile.ScaleOffset(matrix.Type);
        TFormat.RowScales(stored, matrix.Columns, scales, minima);
        uint* lane = (uint*)record + row / 16 * Vector512<uint>.Count + row % 16;
        for (int group = 0; group < groups; group++, stored += TFormat.BlockBytes, record += recordBytes, lane += recordBytes / sizeof(uint))
        {
            Vector256<byte> codes = TFormat.Codes(stored, 0);
            if (TFormat.CodeBits == 8)
                WriteBytes(lane, codes ^ Vector256.Create((byte)0x80));
            else
                WriteNibbles(lane, TFormat.CodeBits == 4 && !TFormat.HasMinimum ? codes ^ Vector256.Create((byte)8) : codes);
            if (TFormat.CodeBits == 5)
            {
                uint bits = Vector256.ShiftLeft(codes.AsUInt16(), 3).AsByte().ExtractMostSignificantBits();
                lane[main / sizeof(uint)] = Ordered(TFormat.HasMinimum ? bits : ~bits);
            }
            Half* halves = (Half*)(record + scaleOffset) + row;
            halves[0] = (Half)scales[group];
            if (TFormat.HasMinimum)
                halves[WordTile.Rows] = (Half)minima[group];
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void WriteBytes(uint* lane, Vector256<byte> codes)
    {
        Vector256<uint> fours = Vector256.Shuffle(codes, Order).AsUInt32();
        for (int i = 0; i < 8; i++)
            lane[i * 2 * Vector512<uint>.Count] = fours[i];
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void WriteNibbles(uint* lane, Vector256<byte> codes)
    {
        for (int i = 0; i < 4; i++)
        {
            uint nibbles = (uint)Bmi2.X64.ParallelBitExtract(codes.AsUInt64()[i], Nibbles);
            // Columns 0 1, 2 3, 4 5, 6 7 become 0 1, 4 5, 2 3, 6 7: the upper 16 bits are two columns on.
            lane[i * 2 * Vector512<uint>.Count] = (nibbles & 0xFF0000FF) | ((nibbles & 0xFF00) << 8) | ((nibbles >> 8) & 0xFF00);
        }
    }

    /// <summary>A bit a column: byte b has those of the b-th columns of all fours.</summary>
    private static uint Ordered(uint bits) =>
        Bmi2.ParallelBitExtract(bits, 0x03030303) | Bmi2.ParallelBitExtract(bits, 0x30303030) << 8
        | Bmi2.ParallelBitExtract(bits, 0x0C0C0C0C) << 16 | Bmi2.ParallelBitExtract(bits, 0xC0C0C0C0) << 24;
}
