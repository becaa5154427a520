using System.Diagnostics.CodeAnalysis;

namespace Winnow.Formats;

/// <summary>
/// One opened model: a GGUF file or a folder of safetensors. The weights stay in the mapped files, so opening costs milliseconds whatever the size;
/// every offset has been checked against the file by the time a checkpoint exists.
/// </summary>
public abstract class Checkpoint : IDisposable
{
    private protected Checkpoint(string path) => Path = path;

    /// <summary>The file or folder that was opened, as it was named.</summary>
    public string Path { get; }

    /// <summary>Tensors by name, in the order of the file.</summary>
    public abstract IReadOnlyDictionary<string, TensorInfo> Tensors { get; }

    /// <summary>The files that were opened: the parts of a split model, the shards of a folder.</summary>
    public abstract IReadOnlyList<string> Files { get; }

    /// <summary>Takes what has been read of the files out of the process's memory; it comes back when it is read again.</summary>
    internal abstract void ReleasePages();

    /// <summary>
    /// Opens a <c>.gguf</c> file, a <c>.safetensors</c> file, or a folder with <c>*.safetensors</c> and <c>config.json</c> or with one GGUF model.
    /// </summary>
    /// <exception cref="WinnowException">Nothing is there, it is no model, or the file is broken.</exception>
    public static Checkpoint Open(string path)
    {
        if (Directory.Exists(path))
            return OpenFolder(path);
        if (path.EndsWith(".safetensors", StringComparison.OrdinalIgnoreCase))
            return SafetensorsCheckpoint.Open(path);
        if (path.EndsWith(".gguf", StringComparison.OrdinalIgnoreCase) || !File.Exists(path) || InputFile.StartsWith(path, "GGUF"u8))
            return GgufFile.Open(path);
        throw new WinnowException($"{path}: this is neither a GGUF file nor safetensors; give a .gguf file, a .safetensors file or a folder that holds one");
    }

    /// <summary>The tensor of that name.</summary>
    /// <exception cref="WinnowException">The checkpoint has no such tensor.</exception>
    public TensorInfo Get(string name) =>
        Tensors.TryGetValue(name, out TensorInfo? tensor) ? tensor : throw new WinnowException(DescribeMissing(name));

    /// <summary>The tensor of that name, or <see langword="false"/> when the checkpoint has none.</summary>
    public bool TryGet(string name, [MaybeNullWhen(false)] out TensorInfo tensor) => Tensors.TryGetValue(name, out tensor);

    /// <inheritdoc/>
    public void Dispose()
    {
        Dispose(disposing: true);
        GC.SuppressFinalize(this);
    }

    /// <summary>Unmaps the files.</summary>
    private protected abstract void Dispose(bool disposing);

    private protected virtual string DescribeMissing(string name) =>
        $"{Path}: tensor {InputFile.Quote(name)} is missing among {Tensors.Count} tensors; the file is incomplete or of another architecture";

    private static Checkpoint OpenFolder(string path)
    {
        if (File.Exists(System.IO.Path.Combine(path, "config.json")) || Directory.EnumerateFiles(path, "*.safetensors").Any())
            return SafetensorsCheckpoint.Open(path);
        string[] models = [.. Directory.EnumerateFiles(path, "*.gguf").Where(GgufSplit.IsFirstOrOnly).Order(StringComparer.Ordinal)];
        return models switch
        {
            [string only] => GgufFile.Open(only),
            [] => throw new WinnowException($"{path}: the folder holds no model; it needs a .gguf file, or config.json with *.safetensors"),
            _ => throw new WinnowException($"{path}: the folder holds {models.Length} GGUF models; name one of them, such as {models[0]}"),
        };
    }
}
