using Winnow.Kernels.Blocks;

namespace Winnow.Kernels.Assembled;

/// <summary>
/// Layout of weights that are repacked once, at load, for the product that unpacks them in registers: panels of 32 rows, a 32-bit lane a row, in as many
/// bits as the file has. One record holds 32 columns: codes, 32 scales and perhaps 32 minima, both as halves.
/// </summary>
/// <remarks>
/// Columns are paired as in <see cref="WordTile"/>: step s multiplies columns c = 4 · (s / 2) + s % 2 and c + 2. Nibbles: vector z of a record holds steps
/// 4 z to 4 z + 3, in each 16 bits from the lowest nibble up. Fifth bits: bit s of each 16 bits. Bytes: vector z holds steps 2 z and 2 z + 1, the low and the
/// high bytes of each 16 bits. Two vectors, of rows 0 to 15 and 16 to 31, follow each other. Codes of formats without minima are signed.
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
