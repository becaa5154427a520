using System.Numerics;
using System.Text;
using Winnow.Kernels.Blocks;
using Winnow.Kernels.Memory;

namespace Winnow.Formats;

/// <summary>
/// Writes a GGUF file, version 3. Metadata and tensor descriptions are collected first; the tensors' bytes are then written one after another,
/// each from memory or by a callback, so that a model larger than memory can pass through.
/// </summary>
public sealed class GgufWriter
{
    private const uint Version = 3;
    private const string AlignmentKey = "general.alignment";
    private const int MaxDimensions = 4;

    private readonly OrderedDictionary<string, object> _metadata = new(StringComparer.Ordinal);
    private readonly OrderedDictionary<string, Tensor> _tensors = new(StringComparer.Ordinal);
    private readonly uint _alignment;

    /// <summary>Begins a file.</summary>
    /// <param name="alignment">Every tensor starts at a multiple of this many bytes, a power of two. Other than 32, it is recorded in the metadata.</param>
    public GgufWriter(int alignment = 32)
    {
        if (alignment <= 0 || !BitOperations.IsPow2(alignment))
            throw new ArgumentOutOfRangeException(nameof(alignment), alignment, "the alignment must be a power of two");
        _alignment = (uint)alignment;
        if (alignment != 32)
            _metadata.Add(AlignmentKey, _alignment);
    }

    /// <summary>Adds a key-value pair.</summary>
    /// <param name="key">The key, new in this file.</param>
    /// <param name="value">
    /// A <see cref="bool"/>, an integer of 8 to 64 bits, a <see cref="float"/>, a <see cref="double"/>, a <see cref="string"/>, an array of one of these,
    /// or an array of such arrays: everything that <see cref="GgufMetadata.GetValue"/> returns. The .NET type decides the type in the file.
    /// </param>
    /// <exception cref="ArgumentException">The key is doubled, or the value is of another type.</exception>
    public GgufWriter Add(string key, object value)
    {
        if (key == AlignmentKey)
            throw new ArgumentException("the alignment is an argument of the constructor", nameof(key));
        GgufValueWriter.TypeOf(value.GetType());
        _metadata.Add(key, value);
        return this;
    }

    /// <summary>Adds a key with its value as another file has it, byte for byte. That file must stay open until this one is written.</summary>
    internal GgufWriter AddEncoded(string key, GgufMetadata source)
    {
        _metadata.Add(key, new EncodedValue(source));
        return this;
    }

    /// <summary>Adds a tensor whose bytes are in memory. They are not copied: they must stay unchanged until the file is written.</summary>
    /// <param name="name">The name, new in this file.</param>
    /// <param name="type">Storage type.</param>
    /// <param name="shape">Sizes, row-major with the outermost first; the last must fill whole blocks.</param>
    /// <param name="data">All bytes.</param>
    public GgufWriter AddTensor(string name, TensorType type, IReadOnlyList<long> shape, ReadOnlyMemory<byte> data)
    {
        if (data.Length != SizeOf(type, shape))
            throw new ArgumentException($"tensor '{name}' needs {SizeOf(type, shape)} bytes and was given {data.Length}", nameof(data));
        return AddTensor(name, type, shape, stream => stream.Write(data.Span));
    }

    /// <summary>Adds a tensor whose bytes a callback writes when its turn comes.</summary>
    /// <param name="name">The name, new in this file.</param>
    /// <param name="type">Storage type.</param>
    /// <param name="shape">Sizes, row-major with the outermost first; the last must fill whole blocks.</param>
    /// <param name="write">Writes exactly the tensor's bytes to the stream it is given.</param>
    public GgufWriter AddTensor(string name, TensorType type, IReadOnlyList<long> shape, Action<Stream> write)
    {
        if (shape.Count > MaxDimensions || shape.Any(size => size <= 0))
            throw new ArgumentException(
                $"tensor '{name}' has shape [{string.Join(", ", shape)}]; up to {MaxDimensions} sizes above 0 can be written", nameof(shape));
        _tensors.Add(name, new Tensor(type, [.. shape], SizeOf(type, shape), write));
        return this;
    }

    /// <summary>Writes the file through a temporary one beside it, so that a reader never meets half a file.</summary>
    public void Write(string path)
    {
        string part = path + ".part";
        try
        {
            using (FileStream stream = new(part, FileMode.Create, FileAccess.Write))
                Write(stream);
            File.Move(part, path, overwrite: true);
        }
        catch
        {
            File.Delete(part);
            throw;
        }
    }

    /// <summary>Writes the file to a stream, front to back.</summary>
    /// <exception cref="InvalidOperationException">A callback wrote more or fewer bytes than its tensor has.</exception>
    public void Write(Stream stream)
    {
        CountingStream target = new(stream);
        WriteHead(target);
        foreach ((string name, Tensor tensor) in _tensors)
        {
            Pad(target);
            long start = target.Position;
            tensor.Write(target);
            if (target.Position - start != tensor.Size)
                throw new InvalidOperationException($"tensor '{name}' needs {tensor.Size} bytes and {target.Position - start} were written");
        }
        // Other readers expect the last tensor to be padded as well.
        Pad(target);
        target.Flush();
    }

    private static long SizeOf(TensorType type, IReadOnlyList<long> shape)
    {
        long size = TensorTypes.RowBytes(type, shape.Count == 0 ? 1 : shape[^1]);
        for (int i = 0; i < shape.Count - 1; i++)
            size = checked(size * shape[i]);
        return size;
    }

    private void WriteHead(Stream target)
    {
        using BinaryWriter writer = new(target, Encoding.UTF8, leaveOpen: true);
        writer.Write("GGUF"u8);
        writer.Write(Version);
        writer.Write((long)_tensors.Count);
        writer.Write((long)_metadata.Count);
        foreach ((string key, object value) in _metadata)
        {
            GgufValueWriter.WriteText(writer, key);
            if (value is EncodedValue encoded)
            {
                (GgufValueType type, NativeBytes bytes) = encoded.Source.GetEncoded(key);
                writer.Write((uint)type);
                writer.Write(bytes.AsSpan(0, checked((int)bytes.Length)));
                continue;
            }

            writer.Write((uint)GgufValueWriter.TypeOf(value.GetType()));
            GgufValueWriter.WriteValue(writer, value);
        }
        long offset = 0;
        foreach ((string name, Tensor tensor) in _tensors)
        {
            GgufValueWriter.WriteText(writer, name);
            writer.Write(tensor.Shape.Length);
            for (int i = tensor.Shape.Length - 1; i >= 0; i--)
                writer.Write(tensor.Shape[i]);
            writer.Write((uint)tensor.Type);
            writer.Write(offset);
            offset = Aligned(offset + tensor.Size);
        }
    }

    private long Aligned(long position) => (position + _alignment - 1) / _alignment * _alignment;

    private void Pad(CountingStream target)
    {
        Span<byte> zeros = stackalloc byte[64];
        zeros.Clear();
        for (long missing = Aligned(target.Position) - target.Position; missing > 0; missing -= zeros.Length)
            target.Write(zeros[..(int)Math.Min(missing, zeros.Length)]);
    }

    private sealed record EncodedValue(GgufMetadata Source);

    private sealed record Tensor(TensorType Type, long[] Shape, long Size, Action<Stream> Write);
}
