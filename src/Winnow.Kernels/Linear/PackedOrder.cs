using System.Runtime.Intrinsics;
using Winnow.Kernels.Assembled;

namespace Winnow.Kernels.Linear;

/// <summary>The order of columns that packed weights and their inputs of one byte have in common.</summary>
internal static class PackedOrder
{
    /// <summary>Columns of eight in the order of <see cref="PackedTile"/>, four times.</summary>
    public static Vector256<byte> Fours => Vector256.Create(
        (byte)0, 4, 2, 6, 1, 5, 3, 7, 8, 12, 10, 14, 9, 13, 11, 15, 16, 20, 18, 22, 17, 21, 19, 23, 24, 28, 26, 30, 25, 29, 27, 31);
}
