using System.Numerics.Tensors;
using System.Runtime.CompilerServices;

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
    [SkipLocalsInit]
    public void Write(PageFormat format, int slot, ReadOnlySpan<float> key, ReadOnlySpan<float> value)
    {
        Check(format, slot, key.Length, value.Length);
        switch (format.Type)
        {
            case EntryType.F32:
                WriteFloats(format, slot, key, value);
                break;
            case EntryType.F16:
                Span<ushort> codes = stackalloc ushort[format.HeadDim];
                ToHalf(key, codes);
                Scatter((ushort*)Keys, slot, codes);
                ToHalf(value, new Span<ushort>((ushort*)(_pointer + format.ValueOffset) + slot * format.PaddedDim, format.HeadDim));
                break;
            case EntryType.BF16:
                Span<ushort> brain = stackalloc ushort[format.HeadDim];
                ToBrain(key, brain);
                Scatter((ushort*)Keys, slot, brain);
                ToBrain(value, new Span<ushort>((ushort*)(_pointer + format.ValueOffset) + slot * format.PaddedDim, format.HeadDim));
                break;
            default:
                WriteQuantised(format, slot, key, value);
                break;
        }
    }

    /// <summary>Reads the key of a slot as floats.</summary>
    public void ReadKey(PageFormat format, int slot, Span<float> key)
    {
        Check(format, slot, key.Length, key.Length);
        ushort* scales = (ushort*)(_pointer + format.KeyScaleOffset);
        for (int channel = 0; channel < key.Length; channel++)
            key[channel] = Decode(format.Type, Keys, channel * PageFormat.Entries + slot, scales, channel / PageFormat.ScaleBlock * PageFormat.Entries + slot);
    }

    /// <summary>Reads the value of a slot as floats.</summary>
    public void ReadValue(PageFormat format, int slot, Span<float> value)
    {
        Check(format, slot, value.Length, value.Length);
        byte* codes = _pointer + format.ValueOffset;
        ushort* scales = (ushort*)(_pointer + format.ValueScaleOffset);
        int blocks = format.PaddedDim / PageFormat.ScaleBlock;
        for (int channel = 0; channel < value.Length; channel++)
            value[channel] = Decode(format.Type, codes, slot * format.PaddedDim + channel, scales, slot * blocks + channel / PageFormat.ScaleBlock);
    }

    /// <summary>Copies one entry as stored, without converting it.</summary>
    public void CopyEntry(PageFormat format, int slot, KvPage source, int sourceSlot)
    {
        Check(format, slot, format.HeadDim, format.HeadDim);
        Check(format, sourceSlot, format.HeadDim, format.HeadDim);
        switch (PageFormat.ElementBytes(format.Type))
        {
            case 4:
                CopyColumn((uint*)Keys, slot, (uint*)source.Keys, sourceSlot, format.HeadDim);
                break;
            case 2:
                CopyColumn((ushort*)Keys, slot, (ushort*)source.Keys, sourceSlot, format.HeadDim);
                break;
            default:
                CopyColumn(Keys, slot, source.Keys, sourceSlot, format.HeadDim);
                CopyScales(format, slot, source, sourceSlot);
                break;
        }

        int row = format.PaddedDim * PageFormat.ElementBytes(format.Type);
        Unsafe.CopyBlock(_pointer + format.ValueOffset + slot * row, source._pointer + format.ValueOffset + sourceSlot * row, (uint)row);
    }

    /// <summary>The stored keys and values as raw bytes, for export and import.</summary>
    public Span<byte> Payload(PageFormat format) => new(Keys, format.PayloadBytes);

    private static void CopyColumn<T>(T* destination, int slot, T* source, int sourceSlot, int rows)
        where T : unmanaged
    {
        for (int row = 0; row < rows; row++)
            destination[row * PageFormat.Entries + slot] = source[row * PageFormat.Entries + sourceSlot];
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Scatter(ushort* keys, int slot, ReadOnlySpan<ushort> codes)
    {
        for (int channel = 0; channel < codes.Length; channel++)
            keys[channel * PageFormat.Entries + slot] = codes[channel];
    }

    private static void ToHalf(ReadOnlySpan<float> source, Span<ushort> destination) =>
        TensorPrimitives.ConvertToHalf(source, System.Runtime.InteropServices.MemoryMarshal.Cast<ushort, Half>(destination));

    private static void ToBrain(ReadOnlySpan<float> source, Span<ushort> destination)
    {
        for (int i = 0; i < source.Length; i++)
        {
            uint bits = BitConverter.SingleToUInt32Bits(source[i]);
            destination[i] = (ushort)(bits + 0x7FFF + (bits >> 16 & 1) >> 16);
        }
    }

    private static float Decode(EntryType type, byte* codes, int index, ushort* scales, int scaleIndex) => type switch
    {
        EntryType.F32 => ((float*)codes)[index],
        EntryType.F16 => (float)BitConverter.UInt16BitsToHalf(((ushort*)codes)[index]),
        EntryType.BF16 => BitConverter.UInt32BitsToSingle((uint)((ushort*)codes)[index] << 16),
        _ => ((sbyte*)codes)[index] * (float)BitConverter.UInt16BitsToHalf(scales[scaleIndex]),
    };

    private static void Check(PageFormat format, int slot, int keyLength, int valueLength)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)slot, (uint)PageFormat.Entries, nameof(slot));
        if (keyLength != format.HeadDim || valueLength != format.HeadDim)
            throw new ArgumentException($"an entry has {format.HeadDim} channels, not {keyLength} and {valueLength}");
    }

    private void WriteFloats(PageFormat format, int slot, ReadOnlySpan<float> key, ReadOnlySpan<float> value)
    {
        float* keys = (float*)Keys;
        for (int channel = 0; channel < key.Length; channel++)
            keys[channel * PageFormat.Entries + slot] = key[channel];
        value.CopyTo(new Span<float>((float*)(_pointer + format.ValueOffset) + slot * format.PaddedDim, format.HeadDim));
    }

    private void WriteQuantised(PageFormat format, int slot, ReadOnlySpan<float> key, ReadOnlySpan<float> value)
    {
        int blocks = format.PaddedDim / PageFormat.ScaleBlock;
        sbyte* valueRow = (sbyte*)(_pointer + format.ValueOffset) + slot * format.PaddedDim;
        for (int block = 0; block < blocks; block++)
        {
            int start = block * PageFormat.ScaleBlock;
            int length = Math.Min(PageFormat.ScaleBlock, format.HeadDim - start);
            ((ushort*)(_pointer + format.KeyScaleOffset))[block * PageFormat.Entries + slot] =
                Quantise(key.Slice(start, length), (sbyte*)Keys + start * PageFormat.Entries + slot, PageFormat.Entries);
            ((ushort*)(_pointer + format.ValueScaleOffset))[slot * blocks + block] = Quantise(value.Slice(start, length), valueRow + start, 1);
        }
    }

    private static ushort Quantise(ReadOnlySpan<float> source, sbyte* codes, int stride)
    {
        // MaxMagnitude keeps the sign of the largest element; a scale has none.
        Half scale = (Half)(MathF.Abs(TensorPrimitives.MaxMagnitude(source)) / sbyte.MaxValue);
        float inverse = scale == Half.Zero ? 0 : 1f / (float)scale;
        for (int i = 0; i < source.Length; i++)
            codes[i * stride] = (sbyte)Math.Clamp(MathF.Round(source[i] * inverse), -127, 127);
        return BitConverter.HalfToUInt16Bits(scale);
    }

    private void CopyScales(PageFormat format, int slot, KvPage source, int sourceSlot)
    {
        int blocks = format.PaddedDim / PageFormat.ScaleBlock;
        CopyColumn((ushort*)(_pointer + format.KeyScaleOffset), slot, (ushort*)(source._pointer + format.KeyScaleOffset), sourceSlot, blocks);
        ushort* to = (ushort*)(_pointer + format.ValueScaleOffset) + slot * blocks;
        ushort* from = (ushort*)(source._pointer + format.ValueScaleOffset) + sourceSlot * blocks;
        Unsafe.CopyBlock(to, from, (uint)(blocks * sizeof(ushort)));
    }
}
