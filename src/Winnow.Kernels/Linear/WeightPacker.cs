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
    /// <summary>Whether the assembled product serves a matrix on this machine.</summary>
    public static bool Serves(WeightMatrix matrix) =>
        PackedTile.Types.Contains(matrix.Type) && matrix.Columns % PackedTile.Columns == 0 && Bmi2.X64.IsSupported && AssembledKernels.IsSupported;

    /// <summary>Packs a matrix.</summary>
    /// <returns>The packed rows, or null where the assembled product does not serve the matrix, or they are too many for one buffer.</returns>
    public static NativeBuffer<byte>? Pack(WeightMatrix matrix)
    {
        if (!Serves(matrix))
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
            _ => Pack<Q6_KFormat>(matrix, &PackedScales.WriteBytes<Q6_KFormat>),
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
