using System.Numerics;
using Winnow.Kernels.Blocks;
using Winnow.Kernels.Memory;

namespace Winnow.Formats;

/// <summary>Reads the tensor descriptions of a GGUF file and finds their bytes.</summary>
internal static class GgufTensorTable
{
    /// <summary>Bytes of the shortest description: name length, one letter, dimension count, type, offset.</summary>
    public const int LeastBytes = sizeof(ulong) + 1 + sizeof(uint) + sizeof(uint) + sizeof(ulong);

    private const string AlignmentKey = "general.alignment";
    private const int DefaultAlignment = 32;
    private const int MaxDimensions = 4;

    /// <summary>The alignment of tensor data that the metadata asks for, in bytes.</summary>
    public static long Alignment(GgufCursor cursor, GgufMetadata metadata)
    {
        long alignment = metadata.GetIntegerOrDefault(AlignmentKey, DefaultAlignment);
        return alignment is > 0 and <= int.MaxValue && BitOperations.IsPow2(alignment)
            ? alignment
            : throw cursor.Broken($"metadata key '{AlignmentKey}' is {alignment} where a power of two is needed; convert the file again");
    }

    /// <summary>Reads <paramref name="count"/> descriptions at the cursor, checks that their data lies in the file and overlaps nowhere.</summary>
    public static OrderedDictionary<string, TensorInfo> Read(GgufCursor cursor, NativeBytes bytes, long count, long alignment)
    {
        List<Description> descriptions = [];
        HashSet<string> names = new(StringComparer.Ordinal);
        for (long i = 0; i < count; i++)
        {
            Description description = ReadDescription(cursor, alignment);
            if (!names.Add(description.Name))
                throw cursor.Broken($"tensor {InputFile.Quote(description.Name)} appears twice; the file is broken, download or convert it again");
            descriptions.Add(description);
        }
        long start = cursor.Position + (alignment - cursor.Position % alignment) % alignment;
        OrderedDictionary<string, TensorInfo> tensors = new(descriptions.Count, StringComparer.Ordinal);
        foreach (Description each in descriptions)
            tensors.Add(each.Name, new TensorInfo(each.Name, each.Type, each.Shape, Locate(cursor, bytes, start, each)));
        RefuseOverlaps(cursor, descriptions);
        return tensors;
    }

    private static Description ReadDescription(GgufCursor cursor, long alignment)
    {
        string name = cursor.Name("the tensor table");
        string what = $"tensor {InputFile.Quote(name)}";
        long[] shape = ReadShape(cursor, what);
        uint typeId = cursor.UInt32(what);
        TensorType type = (TensorType)typeId;
        if (!TensorTypes.IsSupported(type))
            throw cursor.Broken($"{what} has type id {typeId}{GgufTypeNames.Describe(typeId)}, which cannot be read; {GgufTypeNames.Advice}");
        long size = SizeOf(cursor, type, shape, what);
        ulong offset = cursor.UInt64(what);
        if (offset % (ulong)alignment != 0)
            throw cursor.Broken($"{what} starts at offset {offset}, not a multiple of the alignment {alignment}; the file is broken, download it again");
        return new Description(name, type, shape, offset, size);
    }

    private static long[] ReadShape(GgufCursor cursor, string what)
    {
        uint dimensions = cursor.UInt32(what);
        if (dimensions > MaxDimensions)
            throw cursor.Broken($"{what} has {dimensions} dimensions (at most {MaxDimensions}); the file is broken, download it again");
        long[] shape = new long[dimensions];
        for (int i = shape.Length - 1; i >= 0; i--)
        {
            ulong size = cursor.UInt64(what);
            shape[i] = size is > 0 and <= long.MaxValue
                ? (long)size
                : throw cursor.Broken($"{what} has a dimension of {(long)size}; the file is broken, download it again");
        }
        return shape;
    }

    private static long SizeOf(GgufCursor cursor, TensorType type, long[] shape, string what)
    {
        long columns = shape.Length == 0 ? 1 : shape[^1];
        if (columns % TensorTypes.BlockLength(type) != 0)
            throw cursor.Broken(
                $"{what} has rows of {columns} values, which do not fill {type} blocks of {TensorTypes.BlockLength(type)}; convert the file again");
        try
        {
            long size = TensorTypes.RowBytes(type, columns);
            for (int i = 0; i < shape.Length - 1; i++)
                size = checked(size * shape[i]);
            return size;
        }
        catch (OverflowException error)
        {
            throw new WinnowException(
                $"{cursor.Path}: {what} has shape [{string.Join(", ", shape)}], more than any memory; the file is broken, download it again", error);
        }
    }

    private static NativeBytes Locate(GgufCursor cursor, NativeBytes bytes, long start, Description tensor)
    {
        ulong room = (ulong)Math.Max(0, bytes.Length - start);
        if (tensor.Offset > room || (ulong)tensor.Size > room - tensor.Offset)
        {
            throw cursor.Broken($"the {tensor.Size} bytes of tensor {InputFile.Quote(tensor.Name)} at offset {tensor.Offset} reach past the end "
                + $"of the file ({room} bytes of tensor data); it is truncated, download it again");
        }
        return bytes.Slice(start + (long)tensor.Offset, tensor.Size);
    }

    private static void RefuseOverlaps(GgufCursor cursor, List<Description> descriptions)
    {
        descriptions.Sort((a, b) => a.Offset.CompareTo(b.Offset));
        for (int i = 1; i < descriptions.Count; i++)
        {
            Description before = descriptions[i - 1];
            if (before.Offset + (ulong)before.Size > descriptions[i].Offset)
            {
                throw cursor.Broken($"tensors {InputFile.Quote(before.Name)} and {InputFile.Quote(descriptions[i].Name)} share bytes at offset "
                    + $"{descriptions[i].Offset}; the file is broken, download it again");
            }
        }
    }

    private sealed record Description(string Name, TensorType Type, long[] Shape, ulong Offset, long Size);
}
