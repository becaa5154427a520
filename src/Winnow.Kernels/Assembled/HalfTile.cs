namespace Winnow.Kernels.Assembled;

/// <summary>
/// C (+)= A·B with A and C in floats and B in halves, for attention straight from its pages: up to six rows of A × up to four vectors of B, which the
/// processor's own conversion widens on the way. Sums are built in the order of the portable product, so both give the same bits.
/// </summary>
internal static unsafe class HalfTile
{
    /// <summary>Rows of the largest tile: 6 × 4 sums, four vectors of B and one element of A.</summary>
    public const int MaxRows = 6;

    /// <summary>Vectors of the widest tile.</summary>
    public const int MaxVectors = 4;

    private const int Lanes = 16;

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
        HalfTileArguments arguments = new()
        {
            AStride = sizeof(float) * (nint)lda,
            BStride = sizeof(ushort) * (nint)columns,
            CStride = sizeof(float) * (nint)columns,
            Accumulate = accumulate ? 1 : 0,
        };
        int tiles = (rows + MaxRows - 1) / MaxRows;
        for (int column = 0; column < columns; column += MaxVectors * Lanes)
        {
            int vectors = Math.Min(MaxVectors, (columns - column) / Lanes);
            for (int tile = 0; tile < tiles; tile++)
            {
                // Tiles of nearly equal height: a last one of a single row would wait for each of its sums.
                int row = rows * tile / tiles, count = rows * (tile + 1) / tiles - row;
                arguments.A = a + (nint)row * lda;
                arguments.B = b + column;
                arguments.C = c + (nint)row * columns + column;
                arguments.Depth = depth;
                arguments.Ahead = tile == 0 ? ahead : 0;
                ((delegate* unmanaged[SuppressGCTransition]<HalfTileArguments*, void>)AssembledKernels.HalfTile(count, vectors))(&arguments);
            }
        }
    }
}

/// <summary>What an assembled product with halves is called with.</summary>
internal unsafe struct HalfTileArguments
{
    public float* A;

    /// <summary>Bytes from one row of A to the next.</summary>
    public nint AStride;

    public ushort* B;

    /// <summary>Bytes from one row of B to the next.</summary>
    public nint BStride;

    /// <summary>Bytes from a place in B to the one to fetch.</summary>
    public nint Ahead;

    public nint Depth;

    public float* C;

    /// <summary>Bytes from one row of C to the next.</summary>
    public nint CStride;

    public nint Accumulate;
}
