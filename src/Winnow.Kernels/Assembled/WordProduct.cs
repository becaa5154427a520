namespace Winnow.Kernels.Assembled;

/// <summary>
/// C (+)= A·B for attention of a prompt, with both sides as 16-bit integers: twice the multiplications of floats in one instruction. Rows of A and columns
/// of B have a scale each; a sum over the depth must fit 32 bits.
/// </summary>
internal static unsafe class WordProduct
{
    /// <summary>Computes all rows and columns. Only where <see cref="AssembledKernels.IsSupported"/>.</summary>
    /// <param name="a">Rows of A.</param>
    /// <param name="b">B; its columns are a multiple of 16.</param>
    /// <param name="depth">Columns of A and rows of B to multiply, even, at least 2.</param>
    /// <param name="c">[rows, columns].</param>
    /// <param name="accumulate">Adds to C instead of overwriting it.</param>
    public static void Multiply(in WordRows a, in WordColumns b, int depth, float* c, bool accumulate)
    {
        RowTileArguments arguments = new()
        {
            A = (byte*)a.Words,
            AStride = sizeof(short) * (nint)a.Stride,
            B = (byte*)b.Words,
            BStride = sizeof(int) * (nint)b.Columns,
            Steps = depth / 2,
            C = c,
            CStride = sizeof(float) * (nint)b.Columns,
            Accumulate = accumulate ? 1 : 0,
            AScales = a.Scales,
            BScales = b.Scales,
        };
        RowTile.Multiply(AssembledKernels.WordProducts, arguments, a.Rows, b.Columns);
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
