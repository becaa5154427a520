using Winnow.Kernels.Blocks;

namespace Winnow.Kernels.Assembled;

/// <summary>
/// Layout of weights that are repacked once, at load, for the product that unpacks them in registers: panels of 32 rows, a 32-bit lane a row, in as many
/// bits as the file has. One record holds 32 columns: codes, 32 scales and perhaps 32 minima, both as halves.
/// </summary>
/// <remarks>
/// One order of columns serves two products. Of eight columns a row has two fours of bytes, columns 0 4 2 6 and columns 1 5 3 7: four f of a record holds
/// columns 8 (f / 2) + f % 2 + 0, 4, 2, 6. Inputs of one byte meet a four at a time. Inputs of 16 bits meet in step s the columns c = 4 (s / 2) + s % 2
/// and c + 2, as in <see cref="WordTile"/>: the first or the second bytes of both halves of a four.
/// Nibbles: the low ones of vector z are four 2 z, the high ones four 2 z + 1. Bytes: vector f is four f. Fifth bits: bit f of each byte belongs to four f.
/// Two vectors, of rows 0 to 15 and 16 to 31, follow each other. Codes of formats without minima are signed.
/// </remarks>
internal static class PackedTile
{
    /// <summary>Columns of a record.</summary>
    public const int Columns = 32;

    /// <summary>Types that can be packed.</summary>
    public static ReadOnlySpan<TensorType> Types => [TensorType.Q4_0, TensorType.Q4_1, TensorType.Q5_0, TensorType.Q5_1, TensorType.Q8_0];

    /// <summary>Whether groups have a minimum and codes are unsigned.</summary>
    public static bool HasMinimum(TensorType type) => type is TensorType.Q4_1 or TensorType.Q5_1;

    /// <summary>Whether codes have a fifth bit.</summary>
    public static bool HasFifthBits(TensorType type) => type is TensorType.Q5_0 or TensorType.Q5_1;

    /// <summary>Bytes of a record before its fifth bits or scales: bytes or nibbles of 32 rows.</summary>
    public static int MainBytes(TensorType type) => type == TensorType.Q8_0 ? Columns * WordTile.Rows : Columns * WordTile.Rows / 2;

    /// <summary>Where the scales of a record begin.</summary>
    public static int ScaleOffset(TensorType type) => MainBytes(type) + (HasFifthBits(type) ? Columns * WordTile.Rows / 8 : 0);

    /// <summary>Bytes of a record; a multiple of 64.</summary>
    public static int RecordBytes(TensorType type) => ScaleOffset(type) + (HasMinimum(type) ? 2 : 1) * sizeof(ushort) * WordTile.Rows;
}
