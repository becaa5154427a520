using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Winnow.Kernels.Assembled;
using Winnow.Kernels.Linear.Formats;

namespace Winnow.Kernels.Linear;

/// <summary>
/// The product for several tokens with the assembled tile: 32 rows are unpacked to 16-bit integers, a run of columns at a time that stays in the first
/// cache, and all tokens pass by in tiles of up to six. No tile is padded, so a batch of a few sequences does no idle work.
/// </summary>
internal static unsafe class WordPanelKernel<TFormat>
    where TFormat : struct, IBlockFormat
{
    /// <summary>Computes rows <paramref name="first"/> to <paramref name="end"/> − 1 for all tokens.</summary>
    public static void Multiply(in LinearPart part, in LinearInputs inputs, int first, int end, float* scratch)
    {
        void** kernels = AssembledKernels.WordTiles(TFormat.GroupLength, TFormat.HasMinimum);
        int runs = WordPanel.Runs(inputs.Columns), parts = inputs.Columns / 32;
        InputTiles tiles = inputs.WordTiles(TFormat.GroupLength);
        WordPanel panel = new(scratch, inputs.Columns, TFormat.GroupLength);
        for (int row = first; row < end; row += WordTile.Rows)
        {
            int rows = Math.Min(WordTile.Rows, end - row);
            byte* weight = part.Weight + (nint)row * part.RowBytes;
            Scales(panel, weight, part.RowBytes, rows, inputs.Columns);
            for (int run = 0; run < runs; run++)
            {
                int from = parts * run / runs, to = parts * (run + 1) / runs;
                for (int half = 0; half < 2; half++)
                    Pack(panel, weight, part.RowBytes, rows, half, from, to);
                TileSums sums = new(part, inputs.Tokens, row, rows, panel.Edge);
                sums.Add(kernels, panel.Records, tiles, from * 32 / TFormat.GroupLength, to * 32 / TFormat.GroupLength);
            }
        }
    }

    /// <summary>Decodes the scales and minima of all groups of the rows, [groups][16 rows] for each half of the panel.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Scales(in WordPanel panel, byte* weight, int rowBytes, int rows, int columns)
    {
        nint stride = panel.Stride;
        for (int i = 0; i < WordTile.Rows; i++)
            TFormat.RowScales(weight + (nint)Math.Min(i, rows - 1) * rowBytes, columns, panel.RowScales + i * stride, panel.RowMinima + i * stride);
        for (int i = 0; i < WordTile.Rows; i += 8)
        {
            nint at = i / 16 * 16 * stride + i % 16;
            PanelTile.TransposeEight(panel.RowScales + i * stride, panel.Stride, panel.Stride, panel.Scales + at);
            if (TFormat.HasMinimum)
                PanelTile.TransposeEight(panel.RowMinima + i * stride, panel.Stride, panel.Stride, panel.Minima + at);
        }
    }

    /// <summary>Unpacks 32-value parts <paramref name="from"/> to <paramref name="to"/> − 1 of 16 rows into records.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Pack(in WordPanel panel, byte* weight, int rowBytes, int rows, int half, int from, int to)
    {
        byte** row = stackalloc byte*[16];
        for (int i = 0; i < 16; i++)
            row[i] = weight + (nint)Math.Min(16 * half + i, rows - 1) * rowBytes;
        byte* record = panel.Records + half * Vector512<byte>.Count;
        for (int i = from; i < to; i++)
        {
            int partsInBlock = TFormat.BlockLength / 32;
            nint at = (nint)(i / partsInBlock) * TFormat.BlockBytes;
            int p = i % partsInBlock;
            for (int r = 0; r < 16; r += 8)
            {
                PanelTile.StoreTransposed(
                    TFormat.Codes(row[r] + at, p).AsSingle(), TFormat.Codes(row[r + 1] + at, p).AsSingle(),
                    TFormat.Codes(row[r + 2] + at, p).AsSingle(), TFormat.Codes(row[r + 3] + at, p).AsSingle(),
                    TFormat.Codes(row[r + 4] + at, p).AsSingle(), TFormat.Codes(row[r + 5] + at, p).AsSingle(),
                    TFormat.Codes(row[r + 6] + at, p).AsSingle(), TFormat.Codes(row[r + 7] + at, p).AsSingle(),
                    panel.Bytes + r);
            }
            byte* bytes = (byte*)panel.Bytes;
            nint group = (nint)i * 32 / TFormat.GroupLength;
            for (int g = 0; g < 32 / TFormat.GroupLength; g++, bytes += TFormat.GroupLength * 16, group++)
                record = WriteRecord(record, bytes, panel, group + half * (nint)panel.Stride);
        }
    }

    /// <summary>Widens one group of 16 rows, adds its scales and minima, and returns where the next record begins.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static byte* WriteRecord(byte* record, byte* bytes, in WordPanel panel, nint group)
    {
        Vector512<ushort> centre = Vector512.Create((ushort)TFormat.Centre), low = Vector512.Create((ushort)255);
        for (int i = 0; i < TFormat.GroupLength / 4; i++, bytes += Vector512<byte>.Count, record += 2 * WordTile.WeightStepBytes)
        {
            Vector512<ushort> four = Vector512.Load(bytes).AsUInt16();
            ((four & low) - centre).Store((ushort*)record);
            ((four >> 8) - centre).Store((ushort*)(record + WordTile.WeightStepBytes));
        }
        Vector512.Load(panel.Scales + 16 * group).Store((float*)record);
        if (TFormat.HasMinimum)
            Vector512.Load(panel.Minima + 16 * group).Store((float*)record + WordTile.Rows);
        return record + 2 * sizeof(float) * WordTile.Rows;
    }
}
