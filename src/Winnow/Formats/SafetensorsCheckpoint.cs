using System.Text.Json;
using Winnow.Kernels.Memory;

namespace Winnow.Formats;

/// <summary>
/// A model in safetensors, as the hub has it: one file or shards with an index, and <c>config.json</c>. Tensors of types that the engine does not compute
/// with (integers, booleans, 8-bit floats, doubles) are left out of <see cref="Tensors"/>; asking for one says so.
/// </summary>
public sealed class SafetensorsCheckpoint : Checkpoint
{
    private const int MaxConfigBytes = 16 << 20;

    private readonly OrderedDictionary<string, TensorInfo> _tensors = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> _skipped = new(StringComparer.Ordinal);
    private readonly List<MappedFile> _maps = [];
    private readonly List<string> _files = [];
    private readonly JsonElement? _config;

    private SafetensorsCheckpoint(string path, string directory, IEnumerable<string> files)
        : base(path)
    {
        Directory = directory;
        try
        {
            foreach (string file in files)
                AddFile(file);
            string config = System.IO.Path.Combine(directory, "config.json");
            _config = File.Exists(config) ? InputFile.ReadJsonObject(config, MaxConfigBytes) : null;
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>The folder of the weights: <c>config.json</c> and the tokenizer's files lie there.</summary>
    public string Directory { get; }

    /// <summary>Whether the folder has a <c>config.json</c>.</summary>
    public bool HasConfig => _config is not null;

    /// <summary>The parsed <c>config.json</c>: a JSON object.</summary>
    /// <exception cref="WinnowException">The folder has none.</exception>
    public JsonElement Config =>
        _config ?? throw new WinnowException($"{Directory}: config.json is missing beside the weights; download it from the model's page");

    /// <inheritdoc/>
    public override IReadOnlyDictionary<string, TensorInfo> Tensors => _tensors;

    /// <inheritdoc/>
    public override IReadOnlyList<string> Files => _files;

    /// <summary>Dtype by name of the tensors that were left out because the engine cannot compute with them.</summary>
    public IReadOnlyDictionary<string, string> SkippedTensors => _skipped;

    /// <summary>
    /// Opens a <c>.safetensors</c> file, or a folder: <c>model.safetensors</c> alone, else the shards of the index, else all <c>*.safetensors</c>.
    /// </summary>
    /// <exception cref="WinnowException">A file is missing or broken, or shards do not fit the index or each other.</exception>
    public static new SafetensorsCheckpoint Open(string path)
    {
        if (!System.IO.Directory.Exists(path))
            return new SafetensorsCheckpoint(path, System.IO.Path.GetDirectoryName(System.IO.Path.GetFullPath(path))!, [path]);
        (string[] files, Dictionary<string, string> weightMap) = SafetensorsFolder.Find(path);
        SafetensorsCheckpoint checkpoint = new(path, path, files);
        string? missing = weightMap.Keys.FirstOrDefault(name => !checkpoint._tensors.ContainsKey(name) && !checkpoint._skipped.ContainsKey(name));
        if (missing is null)
            return checkpoint;
        checkpoint.Dispose();
        throw new WinnowException($"{weightMap[missing]}: tensor {InputFile.Quote(missing)} is not in the file, though the index says so; download both again");
    }

    /// <inheritdoc/>
    internal override void ReleasePages() => _maps.ForEach(static map => map.ReleasePages());

    /// <inheritdoc/>
    private protected override void Dispose(bool disposing)
    {
        foreach (MappedFile map in _maps)
            map.Dispose();
    }

    private protected override string DescribeMissing(string name) =>
        _skipped.TryGetValue(name, out string? dtype)
            ? $"{Path}: tensor {InputFile.Quote(name)} is stored as {InputFile.Quote(dtype)}, which cannot be computed with; use F32, F16 or BF16 weights"
            : base.DescribeMissing(name);

    private void AddFile(string file)
    {
        MappedFile map = InputFile.Map(file);
        _maps.Add(map);
        _files.Add(file);
        SafetensorsHeader header = SafetensorsHeader.Read(file, map.Bytes);
        foreach (TensorInfo tensor in header.Tensors)
        {
            if (_skipped.ContainsKey(tensor.Name) || !_tensors.TryAdd(tensor.Name, tensor))
                throw Doubled(file, tensor.Name);
        }
        foreach ((string name, string dtype) in header.Skipped)
        {
            if (_tensors.ContainsKey(name) || !_skipped.TryAdd(name, dtype))
                throw Doubled(file, name);
        }
    }

    private static WinnowException Doubled(string file, string name) =>
        new($"{file}: tensor {InputFile.Quote(name)} is also in another shard; keep the files of one model in the folder");
}
