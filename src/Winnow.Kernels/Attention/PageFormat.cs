namespace Winnow.Kernels.Attention;

/// <summary>
/// Layout of one page: the keys and values of up to 64 entries of one lane. Keys lie channel by channel ([headDim][64]) and values entry by entry
/// ([64][headDim padded]), so both q·K and p·V read whole vectors along a row, for one query as for sixty-four, and no page is ever transposed or gathered.
/// </summary>
public sealed class PageFormat : IEquatable<PageFormat>
{
    /// <summary>Entries in a page.</summary>
    public const int Entries = 64;

    /// <summary>Channels that share one scale in <see cref="EntryType.Q8_0"/>.</summary>
    internal const int ScaleBlock = 32;

    /// <summary>Bytes before the keys; holds the reference count.</summary>
    internal const int HeaderBytes = 64;

    private const int Line = 64;

    /// <summary>Describes pages of a head size and an entry type.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The head size is not between 1 and 1,024.</exception>
    public PageFormat(int headDim, EntryType type)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(headDim, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(headDim, 1024);
        HeadDim = headDim;
        Type = type;
        PaddedDim = RoundUp(headDim, type == EntryType.Q8_0 ? ScaleBlock : 16);
        int scales = type == EntryType.Q8_0 ? RoundUp(PaddedDim / ScaleBlock * Entries * sizeof(ushort), Line) : 0;
        int codes = PaddedDim * Entries * ElementBytes(type);
        KeyScaleOffset = HeaderBytes + codes;
        ValueOffset = KeyScaleOffset + scales;
        ValueScaleOffset = ValueOffset + codes;
        AllocatedBytes = ValueScaleOffset + scales;
    }

    /// <summary>Channels of a key or a value.</summary>
    public int HeadDim { get; }

    /// <summary>How entries are stored.</summary>
    public EntryType Type { get; }

    /// <summary>Bytes of keys and values in one page.</summary>
    public int PayloadBytes => AllocatedBytes - HeaderBytes;

    /// <summary>Channels of a value row, rounded up so that rows start on vector borders.</summary>
    internal int PaddedDim { get; }

    internal int KeyScaleOffset { get; }

    internal int ValueOffset { get; }

    internal int ValueScaleOffset { get; }

    internal int AllocatedBytes { get; }

    /// <inheritdoc/>
    public bool Equals(PageFormat? other) => other is not null && other.HeadDim == HeadDim && other.Type == Type;

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as PageFormat);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(HeadDim, Type);

    internal static int ElementBytes(EntryType type) => type switch
    {
        EntryType.F32 => 4,
        EntryType.F16 or EntryType.BF16 => 2,
        EntryType.Q8_0 => 1,
        _ => throw new ArgumentOutOfRangeException(nameof(type), type, "unknown cache entry type"),
    };

    private static int RoundUp(int value, int multiple) => (value + multiple - 1) / multiple * multiple;
}
