using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;
using Winnow.Kernels.Assembled;
using Winnow.Kernels.Blocks;
using Winnow.Kernels.Linear.Formats;
using Winnow.Kernels.Memory;

namespace Winnow.Kernels.Linear;

/// <summary>Lays stored rows out as <see cref="PackedTile"/> describes. Nothing is rounded: the packed matrix holds the same codes and scales.</summary>
internal static unsafe class WeightPacker
{
    /// <summary>Packs a matrix.</summary>
    /// <returns>The packed rows, or null where the assembled product does not serve the type or this machine.</returns>
    public static NativeBuffer<byte>? Pack(WeightMatrix matrix)
    {
        if (!AssembledKernels.IsSupported || !Bmi2.X64.IsSupported || matrix.Columns % PackedTile.Columns != 0)
            return null;
        return matrix.Type switch
        {
            TensorType.Q4_0 => Pack<Q4_0Format>(matrix, &PackedScales.WriteHalves<Q4_0Format>),
            TensorType.Q4_1 => Pack<Q4_1Format>(matrix, &PackedScales.WriteHalves<Q4_1Format>),
            TensorType.Q5_0 => Pack<Q5_0Format>(matrix, &PackedScales.WriteHalves<Q5_0Format>),
            TensorType.Q5_1 => Pack<Q5_1Format>(matrix, &PackedScales.WriteHalves<Q5_1Format>),
            TensorType.Q8_0 => Pack<Q8_0Format>(matrix, &PackedScales.WriteHalves<Q8_0Format>),
            TensorType.Q4_K => Pack<Q4_KFormat>(matrix, &PackedScales.WriteBytes<Q4_KFormat>),
            TensorType.Q5_K => Pack<Q5_KFormat>(matrix, &PackedScales.WriteBytes<Q5_KFormat>),
            TensorType.Q6_K => Pack<Q6_KFormat>(matrix, &PackedScales.WriteBytes<Q6_KFormat>),
            _ => null,
        };
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static NativeBuffer<byte>? Pack<TFormat>(WeightMatrix matrix, delegate*<byte*, byte*, int, TensorType, void> writeScales)
        where TFormat : struct, IBlockFormat
    {
        int blocks = matrix.Columns / TFormat.BlockLength, blockBytes = PackedTile.BlockBytes(matrix.Type);
        int panels = (matrix.Rows + WordTile.Rows - 1) / WordTile.Rows;
        long panelBytes = (long)blocks * blockBytes;
        if (panels * panelBytes > Array.MaxLength)
            return null;
        NativeBuffer<byte> packed = new((int)(panels * panelBytes));
        byte* stored = matrix.Data.Pointer;
        for (int i = 0; i < matrix.Rows; i++)
        {
            byte* block = packed.Pointer + i / WordTile.Rows * (nint)panelBytes;
            int row = i % WordTile.Rows;
            for (int b = 0; b < blocks; b++, stored += TFormat.BlockBytes, block += blockBytes)
            {
                PackedCodes<TFormat>.Write(stored, block, row, matrix.Type);
                writeScales(stored, block, row, matrix.Type);
            }
        }
        return packed;
    }
}
