namespace Winnow.Kernels.Attention;

/// <summary>A handle on one page in native memory. Copying the handle shares the page; <see cref="PagePool"/> counts the references.</summary>
public readonly unsafe struct KvPage
{
    private readonly byte* _pointer;

    internal KvPage(byte* pointer) => _pointer = pointer;

    /// <summary>Sequences that hold this page; more than one means it must be copied before it is written.</summary>
    public int References => *(int*)_pointer;

    internal byte* Pointer => _pointer;

    internal byte* Keys => _pointer + PageFormat.HeaderBytes;

    internal ref int ReferenceCount => ref *(int*)_pointer;

    /// <summary>Stores one entry.</summary>
    /// <param name="format">The page's layout.</param>
    /// <param name="slot">Slot in the page, 0 to 63.</param>
    /// <param name="key">[headDim].</param>
    /// <param name="value">[headDim].</param>
    public void Write(PageFormat format, int slot, ReadOnlySpan<float> key, ReadOnlySpan<float> value)
    {
        Check(format, slot, key.Length, value.Length);
        Key(format, slot).Write(key);
        Value(format, slot).Write(value);
    }

    /// <summary>Reads the key of a slot as floats.</summary>
    public void ReadKey(PageFormat format, int slot, Span<float> key)
    {
        Check(format, slot, key.Length, key.Length);
        Key(format, slot).Read(key);
    }

    /// <summary>Reads the value of a slot as floats.</summary>
    public void ReadValue(PageFormat format, int slot, Span<float> value)
    {
        Check(format, slot, value.Length, value.Length);
        Value(format, slot).Read(value);
    }

    /// <summary>Copies one entry as stored, without converting it.</summary>
    public void CopyEntry(PageFormat format, int slot, KvPage source, int sourceSlot)
    {
        Check(format, slot, format.HeadDim, format.HeadDim);
        Check(format, sourceSlot, format.HeadDim, format.HeadDim);
        Key(format, slot).CopyFrom(source.Key(format, sourceSlot), format.HeadDim);
        Value(format, slot).CopyFrom(source.Value(format, sourceSlot), format.HeadDim);
    }

    /// <summary>The stored keys and values as raw bytes, for export and import.</summary>
    public Span<byte> Payload(PageFormat format) => new(Keys, format.PayloadBytes);

    private static void Check(PageFormat format, int slot, int keyLength, int valueLength)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)slot, (uint)PageFormat.Entries, nameof(slot));
        if (keyLength != format.HeadDim || valueLength != format.HeadDim)
            throw new ArgumentException($"an entry has {format.HeadDim} channels, not {keyLength} and {valueLength}");
    }

    private StoredVector Key(PageFormat format, int slot)
    {
        ushort* scales = (ushort*)(_pointer + format.KeyScaleOffset) + slot;
        return new StoredVector(format.Types.Keys, Keys, slot, PageFormat.Entries, scales, PageFormat.Entries, format.ScalesOfPage);
    }

    private StoredVector Value(PageFormat format, int slot)
    {
        ushort* scales = (ushort*)(_pointer + format.ValueScaleOffset) + slot * format.ScaleBlocks;
        return new StoredVector(format.Types.Values, _pointer + format.ValueOffset + slot * format.ValueRowBytes, 0, 1, scales, 1, format.ScalesOfPage);
    }
}
