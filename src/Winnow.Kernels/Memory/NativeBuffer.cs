using System.Runtime.InteropServices;

namespace Winnow.Kernels.Memory;

/// <summary>
/// A growable array in native memory, aligned to 64 bytes. Growing never touches the managed heap, so a decoding loop stays free of collections.
/// </summary>
/// <typeparam name="T">An unmanaged element type.</typeparam>
public sealed unsafe class NativeBuffer<T> : IDisposable
    where T : unmanaged
{
    private const nuint Alignment = 64;
    private T* _pointer;

    /// <summary>Allocates <paramref name="length"/> zeroed elements.</summary>
    public NativeBuffer(int length = 0)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        Resize(length);
    }

    /// <summary>Returns the memory if the owner forgot to.</summary>
    ~NativeBuffer() => Release();

    /// <summary>Elements allocated.</summary>
    public int Length { get; private set; }

    /// <summary>Bytes allocated.</summary>
    public long ByteLength => (long)Length * sizeof(T);

    /// <summary>All elements.</summary>
    public Span<T> Span => new(_pointer, Length);

    /// <summary>The memory as raw bytes.</summary>
    public NativeBytes Bytes => new((byte*)_pointer, ByteLength);

    internal T* Pointer => _pointer;

    /// <summary>Grows (never shrinks) to at least <paramref name="length"/> elements, by half again at least; new elements are zero.</summary>
    public void EnsureLength(int length)
    {
        if (length > Length)
            Resize(Math.Max(length, (int)Math.Min(Array.MaxLength, Length + (long)Length / 2)));
    }

    /// <summary>Sets the exact length, keeping the common part; new elements are zero.</summary>
    public void Resize(int length)
    {
        if (length == Length)
            return;
        nuint bytes = checked((nuint)length * (nuint)sizeof(T));
        T* next = length == 0 ? null : (T*)NativeMemory.AlignedAlloc(bytes, Alignment);
        int kept = Math.Min(length, Length);
        if (kept > 0)
            NativeMemory.Copy(_pointer, next, (nuint)kept * (nuint)sizeof(T));
        if (length > kept)
            NativeMemory.Clear(next + kept, (nuint)(length - kept) * (nuint)sizeof(T));
        NativeMemory.AlignedFree(_pointer);
        _pointer = next;
        Length = length;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Release();
        GC.SuppressFinalize(this);
    }

    private void Release()
    {
        NativeMemory.AlignedFree(_pointer);
        _pointer = null;
        Length = 0;
    }
}
