using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Winnow.Kernels.Assembled;
using Winnow.Kernels.Blocks;
using Winnow.Kernels.Linear.Formats;

namespace Winnow.Kernels.Linear;

/// <summary>Writes one row's scales and minima of a stored block where <see cref="PackedTile"/> has them.</summary>
internal static unsafe class PackedScales
{
    /// <summary>Of formats whose blocks are one group.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void WriteHalves<TFormat>(byte* stored, byte* packed, int row, TensorType type)
        where TFormat : struct, IBlockFormat
    {
        float scale, minimum;
        TFormat.RowScales(stored, TFormat.BlockLength, &scale, &minimum);
        Half* halves = (Half*)(packed + PackedTile.ScaleOffset(type)) + row;
        halves[0] = (Half)scale;
        if (TFormat.HasMinimum)
            halves[WordTile.Rows] = (Half)minimum;
    }

    /// <summary>Of formats with super-blocks: halves into the header, bytes into the records.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void WriteBytes<TFormat>(byte* stored, byte* packed, int row, TensorType type)
        where TFormat : struct, IByteScaleFormat
    {
        Half* header = (Half*)packed + row;
        (header[0], Half second) = TFormat.Factors(stored);
        if (TFormat.HasMinimum)
            header[WordTile.Rows] = second;
        Vector128<byte> bytes = TFormat.ScaleBytes(stored);
        byte* planes = packed + PackedTile.HeaderBytes(type) + PackedTile.ScaleOffset(type) + row;
        for (int record = 0; record < PackedTile.BlockRecords(type); record++, planes += PackedTile.RecordBytes(type))
        {
            planes[0] = bytes[2 * record];
            planes[WordTile.Rows] = bytes[2 * record + 1];
        }
    }
}
