namespace Winnow.Kernels.Assembled;

/// <summary>
/// C (+)= A·B with A and C in floats and B in halves, for attention straight from its pages: the processor's own conversion widens B on the way.
/// Sums are built in the order of the portable product, so both give the same bits.
/// </summary>
internal static unsafe class HalfTile
{
    /// <summary>Computes all rows and columns. Only where <see cref="AssembledKernels.IsSupported"/>.</summary>
    /// <param name="a">[rows, depth], row stride <paramref name="lda"/>.</param>
    /// <param name="lda">Row stride of A.</param>
    /// <param name="b">[depth, columns], row stride <paramref name="columns"/>.</param>
    /// <param name="ahead">Bytes from B to what will be read in its place next, which is fetched meanwhile; 0 for nothing.</param>
    /// <param name="rows">Rows of A and C.</param>
    /// <param name="depth">Columns of A and rows of B, at least 1.</param>
    /// <param name="columns">A multiple of 16.</param>
    /// <param name="c">[rows, columns].</param>
    /// <param name="accumulate">Adds to C instead of overwriting it.</param>
    public static void Multiply(float* a, int lda, ushort* b, nint ahead, int rows, int depth, int columns, float* c, bool accumulate)
    {
        RowTileArguments arguments = new()
        {
            A = (byte*)a,
            AStride = sizeof(float) * (nint)lda,
            B = (byte*)b,
            BStride = sizeof(ushort) * (nint)columns,
            Ahead = ahead,
            Steps = depth,
            C = c,
            CStride = sizeof(float) * (nint)columns,
            Accumulate = accumulate ? 1 : 0,
        };
        RowTile.Multiply(AssembledKernels.HalfTiles, arguments, rows, columns);
    }
}
