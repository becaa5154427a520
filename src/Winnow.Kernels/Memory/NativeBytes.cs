namespace Winnow.Kernels.Memory;

/// <summary>
/// A bounds-checked view of native memory: a mapped file or a native allocation. Longer than a span can be (over 2 GiB), and storable in a field.
/// The owner (<see cref="MappedFile"/>, <see cref="NativeBuffer{T}"/>) must outlive every view of it.
/// </summary>
public readonly unsafe struct NativeBytes
{
    private readonly byte* _pointer;

    internal NativeBytes(byte* pointer, long length)
    {
        _pointer = pointer;
        Length = length;
    }

    /// <summary>Bytes in the view.</summary>
    public long Length { get; }

    internal byte* Pointer => _pointer;

    /// <summary>A part of the view.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The part reaches outside the view.</exception>
    public NativeBytes Slice(long offset, long length)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        if (offset > Length - length)
            throw new ArgumentOutOfRangeException(nameof(length), $"bytes {offset} to {offset + length} lie outside a view of {Length} bytes");
        return new NativeBytes(_pointer + offset, length);
    }

    /// <summary>A span over a part of the view that is at most 2 GiB long.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The part reaches outside the view.</exception>
    public ReadOnlySpan<byte> AsSpan(long offset, int length)
    {
        NativeBytes part = Slice(offset, length);
        return new ReadOnlySpan<byte>(part._pointer, length);
    }
}
