namespace Winnow.Kernels.Attention;

/// <summary>
/// Layout of one page: the keys and values of up to 64 entries of one lane. Keys lie channel by channel ([headDim][64]) and values entry by entry
/// ([64][headDim padded]), so both q·K and p·V read whole vectors along a row, for one query as for sixty-four, and no page is ever transposed or gathered.
/// Codes of 4 bits share a byte between channels i and i + 16 of a block of 32 of the same entry: an entry never shares a byte with another one.
/// </summary>
public sealed class PageFormat : IEquatable<PageFormat>
{
    /// <summary>Entries in a page.</summary>
    public const int Entries = 64;

    /// <summary>Channels that share one scale in a quantised type.</summary>
    internal const int ScaleBlock = 32;

    /// <summary>Bytes before the keys; holds the reference count.</summary>
    internal const int HeaderBytes = 64;

    /// <summary>Describes pages of a head size.</summary>
    /// <param name="headDim">Channels of a key or a value, 1 to 1,024.</param>
    /// <param name="types">How keys and values are stored.</param>
    /// <exception cref="ArgumentOutOfRangeException">The head size is out of range or a type is unknown.</exception>
    public PageFormat(int headDim, EntryTypes types)
        : this(headDim, types.Keys, types.Values)
    {
    }

    /// <summary>Describes pages of a head size.</summary>
    /// <param name="headDim">Channels of a key or a value, 1 to 1,024.</param>
    /// <param name="keyType">How keys are stored.</param>
    /// <param name="valueType">How values are stored.</param>
    /// <exception cref="ArgumentOutOfRangeException">The head size is out of range or a type is unknown.</exception>
    public PageFormat(int headDim, EntryType keyType, EntryType valueType)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(headDim, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(headDim, 1024);
        (HeadDim, Types) = (headDim, new EntryTypes(keyType, valueType));
        ScaleBlocks = (headDim + ScaleBlock - 1) / ScaleBlock;
        PaddedDim = Pad(headDim, valueType);
        ValueRowBytes = CodeBytes(valueType, PaddedDim);
        KeyScaleOffset = HeaderBytes + CodeBytes(keyType, Pad(headDim, keyType)) * Entries;
        ValueOffset = KeyScaleOffset + ScalesPerBlock(keyType) * ScalesOfPage * sizeof(ushort);
        ValueScaleOffset = ValueOffset + ValueRowBytes * Entries;
        AllocatedBytes = ValueScaleOffset + ScalesPerBlock(valueType) * ScalesOfPage * sizeof(ushort);
    }

    /// <summary>Channels of a key or a value.</summary>
    public int HeadDim { get; }

    /// <summary>How keys and values are stored.</summary>
    public EntryTypes Types { get; }

    /// <summary>Bytes of keys and values in one page.</summary>
    public int PayloadBytes => AllocatedBytes - HeaderBytes;

    /// <summary>Channels of a value row, rounded up so that rows start on vector borders.</summary>
    internal int PaddedDim { get; }

    /// <summary>Blocks of channels that share a scale.</summary>
    internal int ScaleBlocks { get; }

    /// <summary>Scales of all keys, or of all values; minima follow them in the same order.</summary>
    internal int ScalesOfPage => ScaleBlocks * Entries;

    internal int ValueRowBytes { get; }

    internal int KeyScaleOffset { get; }

    internal int ValueOffset { get; }

    internal int ValueScaleOffset { get; }

    internal int AllocatedBytes { get; }

    /// <summary>Floats that the kernels need to hold the keys or values of a page, and its scales and minima, as floats.</summary>
    internal int ScratchFloats => (PaddedDim * Entries) + (2 * ScalesOfPage);

    /// <inheritdoc/>
    public bool Equals(PageFormat? other) => other is not null && other.HeadDim == HeadDim && other.Types == Types;

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as PageFormat);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(HeadDim, Types);

    private static int Pad(int headDim, EntryType type)
    {
        int multiple = EntryTypes.IsCoded(type) ? ScaleBlock : 16;
        return (headDim + multiple - 1) / multiple * multiple;
    }

    private static int CodeBytes(EntryType type, int channels) => type switch
    {
        EntryType.F32 => channels * 4,
        EntryType.F16 or EntryType.BF16 => channels * 2,
        EntryType.Q8_0 => channels,
        EntryType.Q4_0 or EntryType.Q4_1 => channels / 2,
        _ => throw new ArgumentOutOfRangeException(nameof(type), type, "unknown cache entry type"),
    };

    private static int ScalesPerBlock(EntryType type) => type switch
    {
        EntryType.Q8_0 or EntryType.Q4_0 => 1,
        EntryType.Q4_1 => 2,
        _ => 0,
    };
}
