using System.Text;

namespace Winnow.Formats;

/// <summary>Encodes metadata values. Types are compared exactly: to a cast, an array of signed numbers passes as one of unsigned numbers.</summary>
internal static class GgufValueWriter
{
    /// <summary>The type in the file of a .NET type.</summary>
    /// <exception cref="ArgumentException">GGUF has no such type.</exception>
    public static GgufValueType TypeOf(Type type)
    {
        if (type.IsArray)
        {
            if (type.GetElementType() != typeof(object))
                TypeOf(type.GetElementType()!);
            return GgufValueType.Array;
        }
        return Type.GetTypeCode(type) switch
        {
            TypeCode.Byte => GgufValueType.UInt8,
            TypeCode.SByte => GgufValueType.Int8,
            TypeCode.UInt16 => GgufValueType.UInt16,
            TypeCode.Int16 => GgufValueType.Int16,
            TypeCode.UInt32 => GgufValueType.UInt32,
            TypeCode.Int32 => GgufValueType.Int32,
            TypeCode.Single => GgufValueType.Float32,
            TypeCode.Boolean => GgufValueType.Bool,
            TypeCode.String => GgufValueType.String,
            TypeCode.UInt64 => GgufValueType.UInt64,
            TypeCode.Int64 => GgufValueType.Int64,
            TypeCode.Double => GgufValueType.Float64,
            _ => throw new ArgumentException($"a value of type {type.Name} cannot be written to GGUF metadata"),
        };
    }

    /// <summary>Writes a value without its type.</summary>
    public static void WriteValue(BinaryWriter writer, object value)
    {
        switch (value)
        {
            case Array array: WriteArray(writer, array); break;
            case byte number: writer.Write(number); break;
            case sbyte number: writer.Write(number); break;
            case ushort number: writer.Write(number); break;
            case short number: writer.Write(number); break;
            case uint number: writer.Write(number); break;
            case int number: writer.Write(number); break;
            case float number: writer.Write(number); break;
            case bool flag: writer.Write(flag); break;
            case string text: WriteText(writer, text); break;
            case ulong number: writer.Write(number); break;
            case long number: writer.Write(number); break;
            case double number: writer.Write(number); break;
            default: throw new ArgumentException($"a value of type {value.GetType().Name} cannot be written to GGUF metadata");
        }
    }

    /// <summary>Writes a text with its length in bytes before it.</summary>
    public static void WriteText(BinaryWriter writer, string text)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(text);
        writer.Write((long)bytes.Length);
        writer.Write(bytes);
    }

    private static void WriteArray(BinaryWriter writer, Array array)
    {
        Type element = array.GetType().GetElementType()!;
        GgufValueType type = element == typeof(object) ? GgufValueType.Array : TypeOf(element);
        writer.Write((uint)type);
        writer.Write(array.LongLength);
        foreach (object item in array)
        {
            if (TypeOf(item.GetType()) != type)
                throw new ArgumentException($"an array of objects holds a {item.GetType().Name}; only arrays can be its elements");
            WriteValue(writer, item);
        }
    }
}
