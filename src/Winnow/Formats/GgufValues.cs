using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;

namespace Winnow.Formats;

/// <summary>Walks and decodes metadata values. Walking checks everything and allocates nothing; decoding happens when a value is asked for.</summary>
internal static class GgufValues
{
    /// <summary>Arrays in arrays, at most. Real files use one level; the limit keeps a hostile one from exhausting the stack.</summary>
    private const int MaxDepth = 8;

    /// <summary>Bytes of a scalar, or 0 for text and arrays.</summary>
    public static int ScalarBytes(GgufValueType type) => type switch
    {
        GgufValueType.UInt8 or GgufValueType.Int8 or GgufValueType.Bool => 1,
        GgufValueType.UInt16 or GgufValueType.Int16 => 2,
        GgufValueType.UInt32 or GgufValueType.Int32 or GgufValueType.Float32 => 4,
        GgufValueType.UInt64 or GgufValueType.Int64 or GgufValueType.Float64 => 8,
        _ => 0,
    };

    /// <summary>Whether the type is one of the eight integer types.</summary>
    public static bool IsInteger(GgufValueType type) => ScalarBytes(type) > 0 && !IsFloat(type) && type != GgufValueType.Bool;

    /// <summary>Whether the type is one of the two float types.</summary>
    public static bool IsFloat(GgufValueType type) => type is GgufValueType.Float32 or GgufValueType.Float64;

    /// <summary>Reads and checks a type id.</summary>
    public static GgufValueType ReadType(GgufCursor cursor, string what)
    {
        uint id = cursor.UInt32(what);
        return id <= (uint)GgufValueType.Float64
            ? (GgufValueType)id
            : throw cursor.Broken($"{what} has value type {id}, which GGUF does not define (0 to 12); the file is broken, download it again");
    }

    /// <summary>Passes over a value and checks all of it.</summary>
    public static void Walk(GgufCursor cursor, GgufValueType type, string what, int depth = 0)
    {
        if (type == GgufValueType.String)
            cursor.SkipText(what);
        else if (type == GgufValueType.Array)
            WalkArray(cursor, what, depth);
        else if (type == GgufValueType.Bool)
            CheckBools(cursor, cursor.Take(1, what), what);
        else
            cursor.Skip(ScalarBytes(type), what);
    }

    /// <summary>Reads the head of an array, already checked by <see cref="Walk"/>: element type and count.</summary>
    public static (GgufValueType Element, int Count) ReadArrayHead(GgufCursor cursor)
    {
        GgufValueType element = ReadType(cursor, "an array");
        return (element, (int)cursor.UInt64("an array"));
    }

    /// <summary>Decodes a value as its .NET type: a scalar, a string, an array of one of these, or <c>object[]</c> with arrays in it.</summary>
    public static object Decode(GgufCursor cursor, GgufValueType type)
    {
        if (type == GgufValueType.Array)
        {
            (GgufValueType element, int count) = ReadArrayHead(cursor);
            return DecodeArray(cursor, element, count);
        }
        return DecodeArray(cursor, type, 1).GetValue(0)!;
    }

    /// <summary>Decodes strings; bytes that are no UTF-8 become the replacement character.</summary>
    public static string[] DecodeStrings(GgufCursor cursor, int count)
    {
        string[] values = new string[count];
        for (int i = 0; i < count; i++)
            values[i] = Encoding.UTF8.GetString(cursor.Text("a string"));
        return values;
    }

    /// <summary>Decodes numbers of any type into the wanted one.</summary>
    /// <exception cref="OverflowException">A number does not fit.</exception>
    public static T[] DecodeNumbers<T>(GgufCursor cursor, GgufValueType element, int count)
        where T : unmanaged, INumberBase<T> => element switch
        {
            GgufValueType.UInt8 => Convert<byte, T>(cursor, count),
            GgufValueType.Int8 => Convert<sbyte, T>(cursor, count),
            GgufValueType.UInt16 => Convert<ushort, T>(cursor, count),
            GgufValueType.Int16 => Convert<short, T>(cursor, count),
            GgufValueType.UInt32 => Convert<uint, T>(cursor, count),
            GgufValueType.Int32 => Convert<int, T>(cursor, count),
            GgufValueType.Float32 => Convert<float, T>(cursor, count),
            GgufValueType.UInt64 => Convert<ulong, T>(cursor, count),
            GgufValueType.Int64 => Convert<long, T>(cursor, count),
            GgufValueType.Float64 => Convert<double, T>(cursor, count),
            _ => throw new ArgumentOutOfRangeException(nameof(element), element, "not a number"),
        };

    private static Array DecodeArray(GgufCursor cursor, GgufValueType element, int count) => element switch
    {
        GgufValueType.UInt8 => Copy<byte>(cursor, count),
        GgufValueType.Int8 => Copy<sbyte>(cursor, count),
        GgufValueType.UInt16 => Copy<ushort>(cursor, count),
        GgufValueType.Int16 => Copy<short>(cursor, count),
        GgufValueType.UInt32 => Copy<uint>(cursor, count),
        GgufValueType.Int32 => Copy<int>(cursor, count),
        GgufValueType.Float32 => Copy<float>(cursor, count),
        GgufValueType.Bool => Copy<bool>(cursor, count),
        GgufValueType.String => DecodeStrings(cursor, count),
        GgufValueType.UInt64 => Copy<ulong>(cursor, count),
        GgufValueType.Int64 => Copy<long>(cursor, count),
        GgufValueType.Float64 => Copy<double>(cursor, count),
        _ => DecodeNested(cursor, count),
    };

    private static object[] DecodeNested(GgufCursor cursor, int count)
    {
        object[] values = new object[count];
        for (int i = 0; i < count; i++)
            values[i] = Decode(cursor, GgufValueType.Array);
        return values;
    }

    private static T[] Copy<T>(GgufCursor cursor, int count)
        where T : unmanaged => MemoryMarshal.Cast<byte, T>(cursor.Take(count * Unsafe.SizeOf<T>(), "an array")).ToArray();

    private static TOut[] Convert<TIn, TOut>(GgufCursor cursor, int count)
        where TIn : unmanaged, INumberBase<TIn>
        where TOut : unmanaged, INumberBase<TOut>
    {
        TIn[] source = Copy<TIn>(cursor, count);
        return typeof(TIn) == typeof(TOut) ? (TOut[])(object)source : Array.ConvertAll(source, TOut.CreateChecked);
    }

    private static void WalkArray(GgufCursor cursor, string what, int depth)
    {
        if (depth == MaxDepth)
            throw cursor.Broken($"{what} nests arrays more than {MaxDepth} deep; the file is broken, download it again");
        GgufValueType element = ReadType(cursor, what);
        int size = ScalarBytes(element);
        long count = cursor.Count(LeastBytes(element), what);
        if (count > int.MaxValue / Math.Max(1, size))
            throw cursor.Broken($"{what} is an array of {count} values, more than fit in memory; the file is broken, download it again");
        if (element == GgufValueType.Bool)
            CheckBools(cursor, cursor.Take((int)count, what), what);
        else if (size > 0)
            cursor.Skip(count * size, what);
        else
        {
            cursor.Charge(count, what);
            for (long i = 0; i < count; i++)
                Walk(cursor, element, what, depth + 1);
        }
    }

    private static int LeastBytes(GgufValueType element) => element switch
    {
        GgufValueType.String => sizeof(ulong),
        GgufValueType.Array => sizeof(uint) + sizeof(ulong),
        _ => ScalarBytes(element),
    };

    private static void CheckBools(GgufCursor cursor, ReadOnlySpan<byte> values, string what)
    {
        int index = values.IndexOfAnyExceptInRange((byte)0, (byte)1);
        if (index >= 0)
            throw cursor.Broken($"{what} holds a boolean of {values[index]} where only 0 and 1 exist; the file is broken, download it again");
    }
}
