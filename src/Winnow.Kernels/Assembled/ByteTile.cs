namespace Winnow.Kernels.Assembled;

/// <summary>
/// Memory layout of inputs of one byte, for the assembled product that adds four products a lane with one <c>vpdpbusd</c>. Tiles of tokens are those of
/// <see cref="WordTile"/>, weights those of <see cref="PackedTile"/>.
/// </summary>
/// <remarks>
/// For each 32 columns a record of [8 fours][tokens][4 signed bytes], and for all tokens of the tile: scales; scale · sum of the codes, which a minimum
/// meets; minus the sum of the codes; and minus the sum of the first 16. Weights must be unsigned here, so those that have a centre are shifted by it, and
/// centre times the sum of the group's inputs takes it off again.
/// </remarks>
internal static class ByteTile
{
    /// <summary>Columns that one step multiplies.</summary>
    public const int StepColumns = 4;

    /// <summary>Steps of a record.</summary>
    public const int Steps = PackedTile.Columns / StepColumns;

    /// <summary>What comes before minus the sum of the codes, in bytes that one token adds to a record.</summary>
    public const int SumOffset = PackedTile.Columns + 2 * sizeof(float);

    /// <summary>Bytes that one token adds to a record.</summary>
    public const int InputRecord = SumOffset + 2 * sizeof(int);
}
