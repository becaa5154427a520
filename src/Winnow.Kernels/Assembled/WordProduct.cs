namespace Winnow.Kernels.Assembled;

/// <summary>
/// C (+)= A·B for attention of a prompt, with both sides as 16-bit integers: twice the multiplications of floats in one instruction. Rows of A and columns
/// of B have a scale each; a sum over the depth must fit 32 bits.
/// </summary>
internal static unsafe class WordProduct
{
    /// <summary>Rows of the largest tile: 6 × 4 sums, four vectors of B and one element of A.</summary>
    public const int MaxRows = 6;

    /// <summary>Vectors of the widest tile.</summary>
    public const int MaxVectors = 4;

    private const int Lanes = 16;

    /// <summary>Computes all rows and columns. Only where <see cref="AssembledKernels.IsSupported"/>.</summary>
    /// <param name="a">Rows of A.</param>
    /// <param name="b">B; its columns are a multiple of 16.</param>
    /// <param name="depth">Columns of A and rows of B to multiply, even, at least 2.</param>
    /// <param name="c">[rows, columns].</param>
    /// <param name="accumulate">Adds to C instead of overwriting it.</param>
    public static void Multiply(in WordRows a, in WordColumns b, int depth, float* c, bool accumulate)
    {
        WordProductArguments arguments = new()
        {
            AStride = sizeof(short) * (nint)a.Stride,
            BStride = sizeof(int) * (nint)b.Columns,
            CStride = sizeof(float) * (nint)b.Columns,
            Accumulate = accumulate ? 1 : 0,
        };
        int tiles = (a.Rows + MaxRows - 1) / MaxRows;
        for (int column = 0; column < b.Columns; column += MaxVectors * Lanes)
        {
            int vectors = Math.Min(MaxVectors, (b.Columns - column) / Lanes);
            for (int tile = 0; tile < tiles; tile++)
            {
                int row = a.Rows * tile / tiles, count = a.Rows * (tile + 1) / tiles - row;
                arguments.A = a.Words + (nint)row * a.Stride;
                arguments.AScales = a.Scales + row;
                arguments.B = b.Words + 2 * column;
                arguments.BScales = b.Scales + column;
                arguments.C = c + (nint)row * b.Columns + column;
                arguments.Steps = depth / 2;
                ((delegate* unmanaged[SuppressGCTransition]<WordProductArguments*, void>)AssembledKernels.WordProduct(count, vectors))(&arguments);
            }
        }
    }
}

/// <summary>Rows of 16-bit integers with a scale each.</summary>
/// <param name="words">[rows, <paramref name="stride"/>].</param>
/// <param name="scales">[rows].</param>
/// <param name="rows">How many.</param>
/// <param name="stride">Integers from one row to the next.</param>
internal readonly unsafe struct WordRows(short* words, float* scales, int rows, int stride)
{
    public short* Words => words;

    public float* Scales => scales;

    public int Rows => rows;

    public int Stride => stride;

    /// <summary>The rows from one on.</summary>
    public WordRows From(int row) => new(words + (nint)row * stride, scales + row, rows - row, stride);
}

/// <summary>A matrix of 16-bit integers with a scale for each column; rows lie in pairs, so that one 32-bit lane is a column of two rows.</summary>
/// <param name="words">[rows / 2, columns, 2].</param>
/// <param name="scales">[columns].</param>
/// <param name="columns">How many.</param>
internal readonly unsafe struct WordColumns(short* words, float* scales, int columns)
{
    public short* Words => words;

    public float* Scales => scales;

    public int Columns => columns;
}

/// <summary>What an assembled product of 16-bit integers is called with.</summary>
internal unsafe struct WordProductArguments
{
    public short* A;

    /// <summary>Bytes from one row of A to the next.</summary>
    public nint AStride;

    public short* B;

    /// <summary>Bytes from one pair of rows of B to the next.</summary>
    public nint BStride;

    /// <summary>Pairs of rows of B.</summary>
    public nint Steps;

    public float* C;

    /// <summary>Bytes from one row of C to the next.</summary>
    public nint CStride;

    public float* AScales;

    public float* BScales;

    public nint Accumulate;
}
