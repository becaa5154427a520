using Winnow.Kernels.Blocks;

namespace Winnow.Kernels.Linear;

/// <summary>One matrix of a dispatch and where its product goes.</summary>
internal unsafe struct LinearPart
{
    public TensorType Type;
    public byte* Weight;

    /// <summary>The same rows, packed for the assembled product; null where they are not.</summary>
    public byte* Packed;

    public int RowBytes;
    public int Rows;
    public float* Y;
    public int YStride;
}

/// <summary>The inputs of a dispatch, as floats and, for quantised matrices, as bytes with scales.</summary>
internal unsafe struct LinearInputs
{
    public int Tokens;
    public int Columns;

    /// <summary>[tokens, columns].</summary>
    public float* X;

    /// <summary>[tokens rounded up to the tile height, columns]: the high byte of round(x / scale of its 32-value group); a code is 256 · high + low.</summary>
    public sbyte* High;

    /// <summary>[tokens rounded up to the tile height, columns]: the low byte, −127 to 127.</summary>
    public sbyte* Low;

    /// <summary>Scales for weights that are grouped by 32 values.</summary>
    public InputGroups By32;

    /// <summary>Scales for weights that are grouped by 16 values; absent unless a matrix of the dispatch needs them.</summary>
    public InputGroups By16;

    /// <summary>Tiles of 16-bit inputs for weights grouped by 32 values, laid out for the assembled product; null where that does not serve.</summary>
    public byte* Words32;

    /// <summary>The same for weights grouped by 16 values.</summary>
    public byte* Words16;

    public readonly byte* Words(int groupLength) => groupLength == 16 ? Words16 : Words32;

    public readonly InputGroups Groups(int length) => length == 16 ? By16 : By32;
}

/// <summary>Planes [tokens rounded up to the tile height, <see cref="Stride"/>] of one float a group; zero past a row's last group.</summary>
internal unsafe struct InputGroups
{
    /// <summary>Groups of a row, rounded up to whole vectors.</summary>
    public int Stride;

    /// <summary>Scale of the codes.</summary>
    public float* Scales;

    /// <summary>
    /// Sum of the rounded inputs: what a weight group's minimum, or the centre of its codes, is multiplied with. The sum of the inputs before
    /// rounding would be worse: then a rounding error meets scale · code alone, which is about twice as large as the weight that it makes with
    /// the minimum. (Measured on SmolLM2: centred codes with exact sums 4 to 15 % more error than this.)
    /// </summary>
    public float* Sums;
}
