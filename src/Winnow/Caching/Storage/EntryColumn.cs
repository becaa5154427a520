using Winnow.Kernels.Attention;
using Winnow.Kernels.Memory;

namespace Winnow.Caching.Storage;

/// <summary>One field of all entries of a lane, moved along with them.</summary>
internal abstract class EntryColumn : IDisposable
{
    public abstract long Bytes { get; }

    public abstract void Extend(int from, int to);

    public abstract void Move(int source, int destination);

    public abstract void Shrink(int length);

    public abstract EntryColumn Clone(int length);

    public abstract void Write(BinaryWriter writer, int length);

    public abstract void Read(BinaryReader reader, int length);

    public abstract void Dispose();
}

/// <summary>A field of a plain type.</summary>
/// <param name="initial">Value of a new entry.</param>
internal sealed class EntryColumn<T>(T initial) : EntryColumn
    where T : unmanaged
{
    public NativeBuffer<T> Buffer { get; } = new();

    public override long Bytes => Buffer.ByteLength;

    public override void Extend(int from, int to)
    {
        int pages = (to + PageFormat.Entries - 1) / PageFormat.Entries;
        Buffer.EnsureLength(pages * PageFormat.Entries);
        Buffer.Span[from..to].Fill(initial);
    }

    public override void Move(int source, int destination) => Buffer.Span[destination] = Buffer.Span[source];

    public override void Shrink(int length)
    {
        int rounded = (length + PageFormat.Entries - 1) / PageFormat.Entries * PageFormat.Entries;
        // A lane that drops one entry and appends one at every step must not reallocate each time.
        if (rounded < Buffer.Length / 2)
            Buffer.Resize(rounded);
    }

    public override EntryColumn Clone(int length)
    {
        EntryColumn<T> copy = new(initial);
        copy.Extend(0, length);
        Buffer.Span[..length].CopyTo(copy.Buffer.Span);
        return copy;
    }

    public override void Write(BinaryWriter writer, int length) =>
        writer.Write(System.Runtime.InteropServices.MemoryMarshal.AsBytes(Buffer.Span[..length]));

    public override void Read(BinaryReader reader, int length)
    {
        Extend(0, length);
        reader.BaseStream.ReadExactly(System.Runtime.InteropServices.MemoryMarshal.AsBytes(Buffer.Span[..length]));
    }

    public override void Dispose() => Buffer.Dispose();
}
