using Winnow.Kernels.Assembled;
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

    /// <summary>Tiles of inputs of one byte, for packed weights; null where 16 bits serve them.</summary>
    public byte* Bytes;

    /// <summary>Whether the tiles of assembled products serve some matrix of the dispatch.</summary>
    public readonly bool HasTiles => Words32 != null || Bytes != null;

    public readonly InputTiles WordTiles(int groupLength) =>
        new(groupLength == 16 ? Words16 : Words32, Columns / groupLength, WordTile.InputRecord(groupLength));

    public readonly InputTiles ByteTiles => new(Bytes, Columns / PackedTile.Columns, ByteTile.InputRecord);

    public readonly InputGroups Groups(int length) => length == 16 ? By16 : By32;
}

/// <summary>Inputs as an assembled product reads them, tile after tile: [groups] records of all tokens of the tile.</summary>
/// <param name="records">The first record of the first tile.</param>
/// <param name="groups">Groups of a row.</param>
/// <param name="tokenRecord">Bytes that one token adds to a group's record.</param>
internal readonly unsafe struct InputTiles(byte* records, int groups, int tokenRecord)
{
    /// <summary>A group's record in the tile of so many tokens that starts at a token.</summary>
    public byte* Record(int token, int tokens, int group) => records + ((nint)token * groups + tokens * group) * tokenRecord;
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
