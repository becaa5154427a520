using System.Buffers.Binary;
using System.Text;
using Winnow.Kernels.Memory;

namespace Winnow.Formats;

/// <summary>Reads a GGUF file front to back. No read leaves the file and no count is believed before the bytes behind it are known to exist.</summary>
internal sealed class GgufCursor(string path, NativeBytes bytes, long position = 0)
{
    /// <summary>Longest key or tensor name: the limit of the format for keys, far above any real tensor name.</summary>
    private const int MaxNameBytes = ushort.MaxValue;

    /// <summary>
    /// Texts and inner arrays in all arrays of a file, at most: several times the largest vocabulary, and few enough to walk in milliseconds.
    /// </summary>
    private const long MaxItems = 1 << 22;

    private long _items;

    public string Path => path;

    public long Position { get; private set; } = position;

    public long Remaining => bytes.Length - Position;

    public ReadOnlySpan<byte> Take(int count, string what)
    {
        if (count > Remaining)
            throw Truncated(what);
        ReadOnlySpan<byte> span = bytes.AsSpan(Position, count);
        Position += count;
        return span;
    }

    public void Skip(long count, string what)
    {
        if (count > Remaining)
            throw Truncated(what);
        Position += count;
    }

    public uint UInt32(string what) => BinaryPrimitives.ReadUInt32LittleEndian(Take(sizeof(uint), what));

    public ulong UInt64(string what) => BinaryPrimitives.ReadUInt64LittleEndian(Take(sizeof(ulong), what));

    /// <summary>A count of things that take at least <paramref name="leastBytes"/> bytes each, refused when the rest of the file cannot hold them.</summary>
    public long Count(int leastBytes, string what)
    {
        ulong count = UInt64(what);
        return count <= (ulong)(Remaining / leastBytes)
            ? (long)count
            : throw Broken($"{what} claims {count} where {Remaining} bytes are left; the file is truncated or broken, download it again");
    }

    /// <summary>Bytes of a string of any length.</summary>
    public ReadOnlySpan<byte> Text(string what)
    {
        long length = Count(1, what);
        return length <= int.MaxValue ? Take((int)length, what) : throw Broken($"{what} is a text of {length} bytes; the file is broken, download it again");
    }

    /// <summary>Passes over a string.</summary>
    public void SkipText(string what) => Skip(Count(1, what), what);

    /// <summary>A key or a tensor's name.</summary>
    public string Name(string what)
    {
        long length = Count(1, what);
        return length <= MaxNameBytes
            ? Encoding.UTF8.GetString(Take((int)length, what))
            : throw Broken($"{what} has a name of {length} bytes (at most {MaxNameBytes}); the file is broken, download it again");
    }

    /// <summary>Counts the items of an array that must be walked one by one, and refuses more than a real file has.</summary>
    public void Charge(long items, string what)
    {
        _items += items;
        if (_items > MaxItems)
            throw Broken($"{what} brings the texts in the file's arrays to {_items} (at most {MaxItems}); the file is broken, download it again");
    }

    public WinnowException Broken(string sentence) => new($"{path}: {sentence}");

    private WinnowException Truncated(string what) =>
        Broken($"the file ends inside {what} (byte {bytes.Length}); it is truncated, download it again");
}
