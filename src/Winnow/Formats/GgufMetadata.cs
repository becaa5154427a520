using System.Diagnostics.CodeAnalysis;
using System.Numerics;
using Winnow.Kernels.Memory;

namespace Winnow.Formats;

/// <summary>
/// The key-value pairs of a GGUF file, with typed access. Values are decoded when asked for, each time anew: a vocabulary of 250,000 strings costs nothing
/// until a tokenizer wants it, and whoever reads it owns the array. A missing key or a value of another type is a <see cref="WinnowException"/> that
/// names the file and the key; the <c>Try</c> and <c>OrDefault</c> forms forgive a missing key, never a wrong type.
/// </summary>
public sealed class GgufMetadata
{
    /// <summary>Bytes of the shortest pair: key length, one letter, type, value of one byte.</summary>
    internal const int LeastBytes = sizeof(ulong) + 1 + sizeof(uint) + 1;

    private readonly OrderedDictionary<string, Entry> _entries;
    private readonly string _path;
    private readonly NativeBytes _bytes;
    private bool _closed;

    private GgufMetadata(string path, NativeBytes bytes, OrderedDictionary<string, Entry> entries)
    {
        _path = path;
        _bytes = bytes;
        _entries = entries;
    }

    /// <summary>Number of keys.</summary>
    public int Count => _entries.Count;

    /// <summary>All keys, in the order of the file.</summary>
    public IReadOnlyCollection<string> Keys => _entries.Keys;

    /// <summary>Whether the file has this key.</summary>
    public bool ContainsKey(string key) => _entries.ContainsKey(key);

    /// <summary>Type of a value.</summary>
    public GgufValueType TypeOf(string key) => Require(key).Type;

    /// <summary>Element type and length of an array.</summary>
    public (GgufValueType Element, int Length) ArrayTypeOf(string key) => GgufValues.ReadArrayHead(OpenArray(key));

    /// <summary>A value of any type as its .NET type; arrays come as typed arrays, arrays of arrays as <c>object[]</c>.</summary>
    public object GetValue(string key)
    {
        Entry entry = Require(key);
        return GgufValues.Decode(At(entry), entry.Type);
    }

    /// <summary>A text.</summary>
    public string GetString(string key)
    {
        Entry entry = Require(key);
        return entry.Type == GgufValueType.String ? GgufValues.DecodeStrings(At(entry), 1)[0] : throw WrongType(key, "a text");
    }

    /// <summary>An integer of any of the eight integer types.</summary>
    public long GetInteger(string key)
    {
        Entry entry = Require(key);
        return GgufValues.IsInteger(entry.Type) ? Numbers<long>(key, At(entry), entry.Type, 1)[0] : throw WrongType(key, "an integer");
    }

    /// <summary>A number of any integer or float type.</summary>
    public double GetNumber(string key)
    {
        Entry entry = Require(key);
        return IsNumber(entry.Type) ? Numbers<double>(key, At(entry), entry.Type, 1)[0] : throw WrongType(key, "a number");
    }

    /// <summary>A boolean.</summary>
    public bool GetBool(string key) => GetValue(key) is bool value ? value : throw WrongType(key, "a boolean");

    /// <summary>An array of texts.</summary>
    public string[] GetStrings(string key)
    {
        GgufCursor cursor = OpenArray(key);
        (GgufValueType element, int count) = GgufValues.ReadArrayHead(cursor);
        return element == GgufValueType.String ? GgufValues.DecodeStrings(cursor, count) : throw WrongType(key, "an array of texts");
    }

    /// <summary>An array of integers of any integer type.</summary>
    public long[] GetIntegers(string key)
    {
        GgufCursor cursor = OpenArray(key);
        (GgufValueType element, int count) = GgufValues.ReadArrayHead(cursor);
        return GgufValues.IsInteger(element) ? Numbers<long>(key, cursor, element, count) : throw WrongType(key, "an array of integers");
    }

    /// <summary>An array of numbers of any integer or float type.</summary>
    public double[] GetNumbers(string key)
    {
        GgufCursor cursor = OpenArray(key);
        (GgufValueType element, int count) = GgufValues.ReadArrayHead(cursor);
        return IsNumber(element) ? Numbers<double>(key, cursor, element, count) : throw WrongType(key, "an array of numbers");
    }

    /// <summary>An array of booleans.</summary>
    public bool[] GetBools(string key) => GetValue(key) is bool[] values ? values : throw WrongType(key, "an array of booleans");

    /// <summary>A text, or <see langword="false"/> when the key is missing.</summary>
    public bool TryGetString(string key, [MaybeNullWhen(false)] out string value) => Try(key, GetString, out value);

    /// <summary>An integer, or <see langword="false"/> when the key is missing.</summary>
    public bool TryGetInteger(string key, out long value) => Try(key, GetInteger, out value);

    /// <summary>A number, or <see langword="false"/> when the key is missing.</summary>
    public bool TryGetNumber(string key, out double value) => Try(key, GetNumber, out value);

    /// <summary>A boolean, or <see langword="false"/> when the key is missing.</summary>
    public bool TryGetBool(string key, out bool value) => Try(key, GetBool, out value);

    /// <summary>An array of texts, or <see langword="false"/> when the key is missing.</summary>
    public bool TryGetStrings(string key, [MaybeNullWhen(false)] out string[] values) => Try(key, GetStrings, out values);

    /// <summary>An array of integers, or <see langword="false"/> when the key is missing.</summary>
    public bool TryGetIntegers(string key, [MaybeNullWhen(false)] out long[] values) => Try(key, GetIntegers, out values);

    /// <summary>An array of numbers, or <see langword="false"/> when the key is missing.</summary>
    public bool TryGetNumbers(string key, [MaybeNullWhen(false)] out double[] values) => Try(key, GetNumbers, out values);

    /// <summary>A text, or the fallback when the key is missing.</summary>
    [return: NotNullIfNotNull(nameof(fallback))]
    public string? GetStringOrDefault(string key, string? fallback = null) => ContainsKey(key) ? GetString(key) : fallback;

    /// <summary>An integer, or the fallback when the key is missing.</summary>
    public long GetIntegerOrDefault(string key, long fallback = 0) => ContainsKey(key) ? GetInteger(key) : fallback;

    /// <summary>A number, or the fallback when the key is missing.</summary>
    public double GetNumberOrDefault(string key, double fallback = 0) => ContainsKey(key) ? GetNumber(key) : fallback;

    /// <summary>A boolean, or the fallback when the key is missing.</summary>
    public bool GetBoolOrDefault(string key, bool fallback = false) => ContainsKey(key) ? GetBool(key) : fallback;

    /// <summary>Walks the pairs at the cursor: every value is checked, none is decoded.</summary>
    internal static GgufMetadata Read(GgufCursor cursor, NativeBytes bytes, long count)
    {
        OrderedDictionary<string, Entry> entries = new(StringComparer.Ordinal);
        for (long i = 0; i < count; i++)
        {
            string key = cursor.Name("a metadata key");
            string what = $"metadata key {InputFile.Quote(key)}";
            GgufValueType type = GgufValues.ReadType(cursor, what);
            if (!entries.TryAdd(key, new Entry(type, cursor.Position)))
                throw cursor.Broken($"{what} appears twice; the file is broken, download or convert it again");
            GgufValues.Walk(cursor, type, what);
        }
        return new GgufMetadata(cursor.Path, bytes, entries);
    }

    /// <summary>A value as it stands in the file, without its type: texts that are no UTF-8 stay what they are.</summary>
    internal (GgufValueType Type, NativeBytes Bytes) GetEncoded(string key)
    {
        Entry entry = Require(key);
        GgufCursor cursor = At(entry);
        GgufValues.Walk(cursor, entry.Type, key);
        return (entry.Type, _bytes.Slice(entry.Offset, cursor.Position - entry.Offset));
    }

    /// <summary>The file is unmapped: later reads throw instead of touching memory that is gone.</summary>
    internal void Close() => _closed = true;

    private static bool IsNumber(GgufValueType type) => GgufValues.IsInteger(type) || GgufValues.IsFloat(type);

    private bool Try<T>(string key, Func<string, T> get, [MaybeNullWhen(false)] out T value)
    {
        bool found = ContainsKey(key);
        value = found ? get(key) : default;
        return found;
    }

    private T[] Numbers<T>(string key, GgufCursor cursor, GgufValueType type, int count)
        where T : unmanaged, INumberBase<T>
    {
        try
        {
            return GgufValues.DecodeNumbers<T>(cursor, type, count);
        }
        catch (OverflowException error)
        {
            throw new WinnowException($"{_path}: metadata key {InputFile.Quote(key)} holds a number above {long.MaxValue}; convert the file again", error);
        }
    }

    private GgufCursor OpenArray(string key)
    {
        Entry entry = Require(key);
        return entry.Type == GgufValueType.Array ? At(entry) : throw WrongType(key, "an array");
    }

    private GgufCursor At(Entry entry)
    {
        ObjectDisposedException.ThrowIf(_closed, this);
        return new GgufCursor(_path, _bytes, entry.Offset);
    }

    private Entry Require(string key) =>
        _entries.TryGetValue(key, out Entry entry)
            ? entry
            : throw new WinnowException($"{_path}: metadata key {InputFile.Quote(key)} is missing; the file is incomplete or of another architecture");

    private WinnowException WrongType(string key, string wanted)
    {
        string found = TypeOf(key) == GgufValueType.Array ? $"an array of {ArrayTypeOf(key).Element}" : TypeOf(key).ToString();
        return new WinnowException($"{_path}: metadata key {InputFile.Quote(key)} is {found} where {wanted} is needed; convert the file again");
    }

    private readonly record struct Entry(GgufValueType Type, long Offset);
}
