using System.Buffers.Binary;
using Winnow.Kernels.Memory;

namespace Winnow.Formats;

/// <summary>
/// A GGUF model, version 2 or 3, mapped into memory. A model split into parts (<c>name-00001-of-00003.gguf</c>) opens through its first part.
/// </summary>
public sealed class GgufFile : Checkpoint
{
    private const uint OldestVersion = 2;
    private const uint NewestVersion = 3;
    private const string SplitCountKey = "split.count";

    private readonly OrderedDictionary<string, TensorInfo> _tensors;
    private readonly List<MappedFile> _maps;
    private readonly List<string> _files;

    private GgufFile(string path, uint version, GgufMetadata metadata, OrderedDictionary<string, TensorInfo> tensors, MappedFile map)
        : base(path)
    {
        Version = version;
        Metadata = metadata;
        _tensors = tensors;
        _maps = [map];
        _files = [path];
    }

    /// <summary>Version of the format: 2 or 3.</summary>
    public uint Version { get; }

    /// <summary>The key-value pairs; those of the first part when the model is split.</summary>
    public GgufMetadata Metadata { get; }

    /// <inheritdoc/>
    public override IReadOnlyDictionary<string, TensorInfo> Tensors => _tensors;

    /// <inheritdoc/>
    public override IReadOnlyList<string> Files => _files;

    /// <summary>Opens a GGUF file.</summary>
    /// <exception cref="WinnowException">The file is missing, broken, or of a version or tensor type that cannot be read.</exception>
    public static new GgufFile Open(string path)
    {
        GgufFile first = OpenPart(path);
        try
        {
            if (first.Metadata.GetIntegerOrDefault(SplitCountKey, 1) > 1)
                first.AppendOtherParts();
            return first;
        }
        catch
        {
            first.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    internal override void ReleasePages() => _maps.ForEach(static map => map.ReleasePages());

    /// <inheritdoc/>
    private protected override void Dispose(bool disposing)
    {
        Metadata.Close();
        foreach (MappedFile map in _maps)
            map.Dispose();
    }

    private static GgufFile OpenPart(string path)
    {
        MappedFile map = InputFile.Map(path);
        try
        {
            GgufCursor cursor = new(path, map.Bytes);
            uint version = ReadVersion(cursor);
            long tensorCount = cursor.Count(GgufTensorTable.LeastBytes, "the tensor count");
            long keyCount = cursor.Count(GgufMetadata.LeastBytes, "the metadata count");
            GgufMetadata metadata = GgufMetadata.Read(cursor, map.Bytes, keyCount);
            long alignment = GgufTensorTable.Alignment(cursor, metadata);
            return new GgufFile(path, version, metadata, GgufTensorTable.Read(cursor, map.Bytes, tensorCount, alignment), map);
        }
        catch
        {
            map.Dispose();
            throw;
        }
    }

    private static uint ReadVersion(GgufCursor cursor)
    {
        if (!cursor.Take((int)Math.Min(4, cursor.Remaining), "the magic").SequenceEqual("GGUF"u8))
            throw cursor.Broken("the file does not begin with 'GGUF'; it is not a GGUF model, or the download went wrong");
        uint version = cursor.UInt32("the version");
        return version switch
        {
            >= OldestVersion and <= NewestVersion => version,
            _ when (version & 0xFFFF) == 0 && version != 0 =>
                throw cursor.Broken(
                    $"the file is big-endian (version {BinaryPrimitives.ReverseEndianness(version)}); use the little-endian file of this model"),
            _ => throw cursor.Broken($"the file has GGUF version {version} where {OldestVersion} and {NewestVersion} can be read; convert it again"),
        };
    }

    private void AppendOtherParts()
    {
        long count = Metadata.GetInteger(SplitCountKey);
        string[]? parts = GgufSplit.Parts(Path);
        if (parts is null || parts.Length != count)
            throw new WinnowException($"{Path}: the file is one of {count} parts of a model; name the first, which ends in -00001-of-{count:D5}.gguf");
        foreach (string path in parts.Skip(1))
        {
            GgufFile part = OpenPart(path);
            _maps.AddRange(part._maps);
            _files.Add(path);
            part.Metadata.Close();
            foreach (TensorInfo tensor in part._tensors.Values)
            {
                if (!_tensors.TryAdd(tensor.Name, tensor))
                    throw new WinnowException($"{path}: tensor {InputFile.Quote(tensor.Name)} is also in an earlier part; the parts do not belong together");
            }
        }
    }
}
