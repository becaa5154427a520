using System.Buffers.Binary;
using System.Text.Json;
using Winnow.Kernels.Blocks;
using Winnow.Kernels.Memory;

namespace Winnow.Formats;

/// <summary>
/// Reads the head of one safetensors file: eight bytes of length, a JSON object with dtype, shape and byte range of every tensor, then the bytes.
/// The JSON is read as a stream, so that a hostile head costs no more memory than the entries that it truly has.
/// </summary>
internal sealed class SafetensorsHeader
{
    /// <summary>Longest head that the format's own reader accepts.</summary>
    private const long MaxHeaderBytes = 100_000_000;

    private const int MaxDimensions = 8;

    private readonly string _path;
    private readonly NativeBytes _data;
    private readonly List<(long Begin, long End, string Name)> _ranges = [];
    private readonly HashSet<string> _names = new(StringComparer.Ordinal);

    private SafetensorsHeader(string path, NativeBytes data)
    {
        _path = path;
        _data = data;
    }

    /// <summary>Tensors that the engine can compute with.</summary>
    public List<TensorInfo> Tensors { get; } = [];

    /// <summary>Name and dtype of the tensors that it cannot.</summary>
    public List<(string Name, string Dtype)> Skipped { get; } = [];

    /// <summary>Reads and checks the head of a mapped file.</summary>
    public static SafetensorsHeader Read(string path, NativeBytes bytes)
    {
        if (bytes.Length < sizeof(ulong))
            throw new WinnowException($"{path}: the file has {bytes.Length} bytes, too few for a safetensors head; it is truncated, download it again");
        ulong length = BinaryPrimitives.ReadUInt64LittleEndian(bytes.AsSpan(0, sizeof(ulong)));
        long room = bytes.Length - sizeof(ulong);
        if (length > (ulong)Math.Min(room, MaxHeaderBytes))
        {
            throw new WinnowException($"{path}: the head claims {length} bytes where {room} follow (at most {MaxHeaderBytes} are allowed); "
                + "the file is truncated or no safetensors, download it again");
        }
        long start = sizeof(ulong) + (long)length;
        SafetensorsHeader header = new(path, bytes.Slice(start, bytes.Length - start));
        try
        {
            header.ReadObject(new Utf8JsonReader(bytes.AsSpan(sizeof(ulong), (int)length)));
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException)
        {
            throw new WinnowException($"{path}: the head is not valid JSON ({InputFile.OneLine(error.Message)}); download the file again", error);
        }
        header.RefuseOverlaps();
        return header;
    }

    private void ReadObject(Utf8JsonReader reader)
    {
        reader.Read();
        if (reader.TokenType != JsonTokenType.StartObject)
            throw Broken("the head is not a JSON object");
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            string name = reader.GetString()!;
            reader.Read();
            if (!_names.Add(name))
                throw Broken($"tensor {InputFile.Quote(name)} appears twice");
            if (name == "__metadata__")
                reader.Skip();
            else
                ReadTensor(ref reader, name);
        }
        // Fails on text after the object; spaces that pad the head are allowed.
        while (reader.Read())
            throw Broken("the head holds more than one JSON object");
    }

    private void ReadTensor(ref Utf8JsonReader reader, string name)
    {
        if (reader.TokenType != JsonTokenType.StartObject)
            throw Broken($"tensor {InputFile.Quote(name)} is not a JSON object");
        string? dtype = null;
        long[]? shape = null;
        long[]? range = null;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (reader.ValueTextEquals("dtype"u8))
                dtype = ReadText(ref reader, name);
            else if (reader.ValueTextEquals("shape"u8))
                shape = ReadIntegers(ref reader, name, MaxDimensions);
            else if (reader.ValueTextEquals("data_offsets"u8))
                range = ReadIntegers(ref reader, name, 2);
            else
                reader.Skip();
        }
        if (dtype is null || shape is null || range is not [long begin, long end])
            throw Broken($"tensor {InputFile.Quote(name)} lacks a dtype, a shape or a pair of data_offsets");
        Add(name, dtype, shape, begin, end);
    }

    private void Add(string name, string dtype, long[] shape, long begin, long end)
    {
        string what = $"tensor {InputFile.Quote(name)}";
        if (begin > end || end > _data.Length)
            throw Broken($"{what} lies at bytes {begin} to {end} of {_data.Length}");
        if (SafetensorsTypes.Bits(dtype) is int bits && !Fills(shape, bits, end - begin))
            throw Broken($"{what} of shape [{string.Join(", ", shape)}] and dtype {dtype} does not fill its {end - begin} bytes");
        if (end > begin)
            _ranges.Add((begin, end, name));
        if (SafetensorsTypes.ToTensorType(dtype) is TensorType type)
            Tensors.Add(new TensorInfo(name, type, shape, _data.Slice(begin, end - begin)));
        else
            Skipped.Add((name, dtype));
    }

    private static bool Fills(long[] shape, int bits, long bytes)
    {
        if (shape.Contains(0))
            return bytes == 0;
        Int128 size = bits;
        foreach (long length in shape)
        {
            size *= length;
            if (size > long.MaxValue)
                return false;
        }
        return size == (Int128)bytes * 8;
    }

    private string ReadText(ref Utf8JsonReader reader, string name)
    {
        reader.Read();
        return reader.TokenType == JsonTokenType.String ? reader.GetString()! : throw Broken($"the dtype of tensor {InputFile.Quote(name)} is not a text");
    }

    private long[] ReadIntegers(ref Utf8JsonReader reader, string name, int limit)
    {
        List<long> values = [];
        bool isArray = reader.Read() && reader.TokenType == JsonTokenType.StartArray;
        while (isArray && reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            if (reader.TokenType != JsonTokenType.Number || !reader.TryGetInt64(out long value) || value < 0 || values.Count == limit)
                throw Broken($"tensor {InputFile.Quote(name)} has a shape or data_offsets that are not at most {limit} whole numbers from 0 up");
            values.Add(value);
        }
        return isArray ? [.. values] : throw Broken($"tensor {InputFile.Quote(name)} has a shape or data_offsets that are no array");
    }

    private void RefuseOverlaps()
    {
        _ranges.Sort();
        for (int i = 1; i < _ranges.Count; i++)
        {
            if (_ranges[i - 1].End > _ranges[i].Begin)
                throw Broken($"tensors {InputFile.Quote(_ranges[i - 1].Name)} and {InputFile.Quote(_ranges[i].Name)} share byte {_ranges[i].Begin}");
        }
    }

    private WinnowException Broken(string sentence) => new($"{_path}: {sentence}; the file is broken, download it again");
}
