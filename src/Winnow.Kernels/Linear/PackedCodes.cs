using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Winnow.Kernels.Assembled;
using Winnow.Kernels.Blocks;
using Winnow.Kernels.Linear.Formats;

namespace Winnow.Kernels.Linear;

/// <summary>Writes one row's codes of a stored block where <see cref="PackedTile"/> has them.</summary>
internal static unsafe class PackedCodes<TFormat>
    where TFormat : struct, IBlockFormat
{
    private const ulong Nibbles = 0x0F0F0F0F0F0F0F0F;

    // Vectors of rows 0 to 15 and 16 to 31 follow each other, so a row's next lane is a panel's rows away.
    private const int NextVector = WordTile.Rows;

    /// <summary>Writes them.</summary>
    /// <param name="stored">The block.</param>
    /// <param name="packed">Header and records of the panel's rows in this block.</param>
    /// <param name="row">Row of the panel.</param>
    /// <param name="type">Type of the matrix.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Write(byte* stored, byte* packed, int row, TensorType type)
    {
        int record = PackedTile.RecordBytes(type) / sizeof(uint), main = PackedTile.MainBytes(type) / sizeof(uint);
        uint* lane = (uint*)(packed + PackedTile.HeaderBytes(type)) + row;
        for (int part = 0; part < TFormat.BlockLength / PackedTile.Columns; part++, lane += record)
        {
            Vector256<byte> codes = TFormat.Codes(stored, part);
            if (TFormat.CodeBits == 8)
                WriteBytes(lane, codes ^ Vector256.Create((byte)0x80));
            else
                WriteNibbles(lane, TFormat.CodeBits == 4 && !TFormat.HasMinimum ? codes ^ Vector256.Create((byte)8) : codes);
            if (TFormat.CodeBits == 5)
                WriteFifthBits(lane + main, codes);
            if (TFormat.CodeBits == 6)
                WriteBitPairs(lane + main, codes);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void WriteBytes(uint* lane, Vector256<byte> codes)
    {
        Vector256<uint> fours = Vector256.Shuffle(codes, PackedOrder.Fours).AsUInt32();
        for (int i = 0; i < 8; i++)
            lane[i * NextVector] = fours[i];
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void WriteNibbles(uint* lane, Vector256<byte> codes)
    {
        for (int i = 0; i < 4; i++)
        {
            uint nibbles = (uint)Bmi2.X64.ParallelBitExtract(codes.AsUInt64()[i], Nibbles);
            // Columns 0 1, 2 3, 4 5, 6 7 become 0 1, 4 5, 2 3, 6 7: the upper 16 bits are two columns on.
            lane[i * NextVector] = (nibbles & 0xFF0000FF) | ((nibbles & 0xFF00) << 8) | ((nibbles >> 8) & 0xFF00);
        }
    }

    /// <summary>A bit a column: byte b has those of the b-th columns of all fours.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void WriteFifthBits(uint* lane, Vector256<byte> codes)
    {
        uint bits = Vector256.ShiftLeft(codes.AsUInt16(), 3).AsByte().ExtractMostSignificantBits();
        bits = TFormat.HasMinimum ? bits : ~bits;
        lane[0] = Bmi2.ParallelBitExtract(bits, 0x03030303) | Bmi2.ParallelBitExtract(bits, 0x30303030) << 8
            | Bmi2.ParallelBitExtract(bits, 0x0C0C0C0C) << 16 | Bmi2.ParallelBitExtract(bits, 0xC0C0C0C0) << 24;
    }

    /// <summary>Bits 4 and 5 of four fours a lane.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void WriteBitPairs(uint* lane, Vector256<byte> codes)
    {
        Vector256<byte> pairs = (codes.AsUInt16() >> 4).AsByte() & Vector256.Create((byte)3);
        Vector256<uint> fours = Vector256.Shuffle(pairs, PackedOrder.Fours).AsUInt32();
        for (int i = 0; i < 2; i++)
            lane[i * NextVector] = fours[4 * i] | fours[4 * i + 1] << 2 | fours[4 * i + 2] << 4 | fours[4 * i + 3] << 6;
    }
}
