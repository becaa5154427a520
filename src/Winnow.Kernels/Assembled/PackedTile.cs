using Winnow.Kernels.Blocks;

namespace Winnow.Kernels.Assembled;

/// <summary>
/// Layout of weights that are repacked once, at load, for the product that unpacks them in registers: panels of 32 rows, a 32-bit lane a row, in as many
/// bits as the file has. One record holds 32 columns: codes, then two planes of 32 scales and 32 minima, or one where there are no minima, as halves.
/// Types with super-blocks of 256 columns have a header of such planes before every eight records; the planes of their records are bytes, and what
/// a group is scaled with is the product of both.
/// </summary>
/// <remarks>
/// One order of columns serves two products. Of eight columns a row has two fours of bytes, columns 0 4 2 6 and columns 1 5 3 7: four f of a record holds
/// columns 8 (f / 2) + f % 2 + 0, 4, 2, 6. Inputs of one byte meet a four at a time. Inputs of 16 bits meet in step s the columns c = 4 (s / 2) + s % 2
/// and c + 2, as in <see cref="WordTile"/>: the first or the second bytes of both halves of a four.
/// Nibbles: the low ones of vector z are four 2 z, the high ones four 2 z + 1. Bytes: vector f is four f. Fifth bits: bit f of each byte belongs to four f.
/// Fifth and sixth bits: bits 2 (f % 4) and 2 (f % 4) + 1 of each byte of vector f / 4. Two vectors, of rows 0 to 15 and 16 to 31, follow each other.
/// Codes of 4, 5 and 8 bits without minima are signed. Codes of six bits are not, and have a plane of scales for the first 16 columns and one for the others.
/// </remarks>
internal static class PackedTile
{
    /// <summary>Columns of a record.</summary>
    public const int Columns = 32;

    private const int BitBytes = Columns * WordTile.Rows / 8;
    private const int HalfPlane = sizeof(ushort) * WordTile.Rows;

    /// <summary>Types that can be packed.</summary>
    public static ReadOnlySpan<TensorType> Types =>
    [
        TensorType.Q4_0, TensorType.Q4_1, TensorType.Q5_0, TensorType.Q5_1, TensorType.Q8_0, TensorType.Q4_K, TensorType.Q5_K, TensorType.Q6_K,
    ];

    /// <summary>Whether groups have a minimum and codes are unsigned.</summary>
    public static bool HasMinimum(TensorType type) => type is TensorType.Q4_1 or TensorType.Q5_1 or TensorType.Q4_K or TensorType.Q5_K;

    /// <summary>Whether scales are products of a half of 256 columns and a byte of a group.</summary>
    public static bool HasSuperBlocks(TensorType type) => type is TensorType.Q4_K or TensorType.Q5_K or TensorType.Q6_K;

    /// <summary>Groups of columns of a record that have scales of their own.</summary>
    public static int Parts(TensorType type) => type == TensorType.Q6_K ? 2 : 1;

    /// <summary>Bytes of a record before its higher bits or scales: bytes or nibbles of 32 rows.</summary>
    public static int MainBytes(TensorType type) => (type == TensorType.Q8_0 ? 8 : 4) * BitBytes;

    /// <summary>Where the scales of a record begin.</summary>
    public static int ScaleOffset(TensorType type) => MainBytes(type) + HighBits(type) * BitBytes;

    /// <summary>Bytes of a plane of scales or minima of a record.</summary>
    public static int PlaneBytes(TensorType type) => HasSuperBlocks(type) ? WordTile.Rows : HalfPlane;

    /// <summary>Bytes of a record; a multiple of 64.</summary>
    public static int RecordBytes(TensorType type) => ScaleOffset(type) + (HasMinimum(type) ? 2 : Parts(type)) * PlaneBytes(type);

    /// <summary>Records that share a header; 1 where there is none.</summary>
    public static int BlockRecords(TensorType type) => HasSuperBlocks(type) ? 8 : 1;

    /// <summary>Bytes of a header: halves that the bytes of scales, and those of minima, are multiplied with.</summary>
    public static int HeaderBytes(TensorType type) => !HasSuperBlocks(type) ? 0 : HasMinimum(type) ? 2 * HalfPlane : HalfPlane;

    /// <summary>Bytes of a header and its records.</summary>
    public static int BlockBytes(TensorType type) => HeaderBytes(type) + BlockRecords(type) * RecordBytes(type);

    private static int HighBits(TensorType type) => type switch
    {
        TensorType.Q5_0 or TensorType.Q5_1 or TensorType.Q5_K => 1,
        TensorType.Q6_K => 2,
        _ => 0,
    };
}
