namespace Winnow.Kernels.Assembled;

/// <summary>
/// C (+)= A·B in tiles of up to six rows of A × up to four vectors of B: what the assembled products of attention have in common. Their kernels differ in
/// what A and B hold.
/// </summary>
internal static unsafe class RowTile
{
    /// <summary>Rows of the largest tile: 6 × 4 sums, four vectors of B and one element of A.</summary>
    public const int MaxRows = 6;

    /// <summary>Vectors of the widest tile.</summary>
    public const int MaxVectors = 4;

    /// <summary>Kernels of a table: one for each number of rows and vectors.</summary>
    public const int Kernels = MaxRows * MaxVectors;

    private const int Lanes = 16;

    /// <summary>Place of a kernel in its table.</summary>
    public static int Index(int rows, int vectors) => (rows - 1) * MaxVectors + vectors - 1;

    /// <summary>Computes all rows and columns.</summary>
    /// <param name="kernels">The table.</param>
    /// <param name="whole">The operands from their first row and column on.</param>
    /// <param name="rows">Rows of A and C.</param>
    /// <param name="columns">Columns of B and C, a multiple of 16.</param>
    public static void Multiply(void** kernels, in RowTileArguments whole, int rows, int columns)
    {
        RowTileArguments part = whole;
        nint columnBytes = whole.BStride / columns;
        int tiles = (rows + MaxRows - 1) / MaxRows;
        for (int column = 0; column < columns; column += MaxVectors * Lanes)
        {
            int vectors = Math.Min(MaxVectors, (columns - column) / Lanes);
            part.B = whole.B + column * columnBytes;
            part.BScales = whole.BScales + column;
            for (int tile = 0; tile < tiles; tile++)
            {
                // Tiles of nearly equal height: a last one of a single row would wait for each of its sums.
                int row = rows * tile / tiles, count = rows * (tile + 1) / tiles - row;
                part.A = whole.A + row * whole.AStride;
                part.AScales = whole.AScales + row;
                part.C = whole.C + row * (whole.CStride / sizeof(float)) + column;
                part.Ahead = tile == 0 ? whole.Ahead : 0;
                ((delegate* unmanaged[SuppressGCTransition]<RowTileArguments*, void>)kernels[Index(count, vectors)])(&part);
            }
        }
    }
}

/// <summary>What a kernel of <see cref="RowTile"/> is called with.</summary>
internal unsafe struct RowTileArguments
{
    public byte* A;

    /// <summary>Bytes from one row of A to the next.</summary>
    public nint AStride;

    public byte* B;

    /// <summary>Bytes from one step of B to the next.</summary>
    public nint BStride;

    /// <summary>Bytes from a place in B to the one to fetch; 0 for nothing.</summary>
    public nint Ahead;

    /// <summary>Rows of B, or pairs of rows, at least 1.</summary>
    public nint Steps;

    public float* C;

    /// <summary>Bytes from one row of C to the next.</summary>
    public nint CStride;

    /// <summary>0: C is overwritten; else it is added to.</summary>
    public nint Accumulate;

    /// <summary>A scale for each row, where A holds integers.</summary>
    public float* AScales;

    /// <summary>A scale for each column, where B holds integers.</summary>
    public float* BScales;
}
