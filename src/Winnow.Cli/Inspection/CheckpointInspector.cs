using System.Collections;
using System.Globalization;
using System.Text.Json;
using Winnow.Caching.Storage;
using Winnow.Cli.Output;
using Winnow.Formats;
using Winnow.Kernels.Attention;
using Winnow.Models;

namespace Winnow.Cli.Inspection;

/// <summary>Describes an opened checkpoint without reading its weights.</summary>
internal static class CheckpointInspector
{
    private const int ShownLength = 120;
    private const int ShownItems = 6;
    private const string TokensKey = "tokenizer.ggml.tokens";

    /// <summary>Collects what is shown.</summary>
    public static InspectJson Inspect(Checkpoint checkpoint, bool tensors, bool metadata)
    {
        GgufFile? gguf = checkpoint as GgufFile;
        (ModelSizesJson? sizes, string? problem) = Sizes(checkpoint);
        return new InspectJson
        {
            Path = checkpoint.Path,
            Format = gguf is null ? "safetensors" : "gguf",
            Version = gguf?.Version,
            Bytes = checkpoint.Tensors.Values.Sum(tensor => tensor.Data.Length),
            Architecture = Architecture(checkpoint),
            Name = gguf?.Metadata.GetStringOrDefault("general.name"),
            Parameters = checkpoint.Tensors.Values.Sum(tensor => tensor.ElementCount),
            Sizes = sizes,
            Problem = problem,
            TensorsByType = ByType(checkpoint),
            Tokenizer = gguf is null ? null : Tokenizer(gguf.Metadata),
            Tensors = tensors ? [.. checkpoint.Tensors.Values.Select(Describe)] : null,
            Metadata = metadata ? Metadata(checkpoint) : null,
        };
    }

    private static string Architecture(Checkpoint checkpoint)
    {
        if (checkpoint is GgufFile gguf)
            return gguf.Metadata.GetStringOrDefault("general.architecture") ?? "unknown";
        return checkpoint is SafetensorsCheckpoint { HasConfig: true } folder
            && folder.Config.TryGetProperty("model_type", out JsonElement type) && type.ValueKind == JsonValueKind.String ? type.GetString()! : "unknown";
    }

    private static (ModelSizesJson? Sizes, string? Problem) Sizes(Checkpoint checkpoint)
    {
        try
        {
            return (Describe(ModelLoader.ReadConfig(checkpoint)), null);
        }
        catch (WinnowException error)
        {
            // The file is sound; the engine just cannot run it, and the sentence says why.
            return (null, error.Message);
        }
    }

    private static ModelSizesJson Describe(ModelConfig config) => new()
    {
        ContextLength = config.ContextLength,
        Layers = config.Layers,
        Width = config.Width,
        FeedForwardWidth = config.FeedForwardWidth,
        QueryHeads = config.QueryHeads,
        KvHeads = config.KvHeads,
        HeadDim = config.HeadDim,
        VocabularySize = config.VocabularySize,
        SlidingWindow = config.SlidingWindow,
        TiedEmbeddings = config.TiedEmbeddings,
        KvBytesPerTokenF16 = new KvLayout(config.Layers, config.KvHeads, new PageFormat(config.HeadDim, EntryType.F16), default)
            .FullBytes(PageFormat.Entries) / PageFormat.Entries,
    };

    private static IReadOnlyList<TensorTypeJson> ByType(Checkpoint checkpoint) =>
    [
        .. checkpoint.Tensors.Values.GroupBy(tensor => tensor.Type)
            .Select(group => new TensorTypeJson(
                group.Key.ToString(), group.Count(), group.Sum(tensor => tensor.ElementCount), group.Sum(tensor => tensor.Data.Length)))
            .OrderByDescending(type => type.Bytes),
    ];

    private static TensorJson Describe(TensorInfo tensor) => new(tensor.Name, tensor.Type.ToString(), tensor.Shape, tensor.Data.Length);

    private static TokenizerJson? Tokenizer(GgufMetadata metadata) => metadata.ContainsKey(TokensKey)
        ? new TokenizerJson(
            metadata.GetStringOrDefault("tokenizer.ggml.model") ?? "unknown",
            metadata.GetStringOrDefault("tokenizer.ggml.pre"),
            metadata.ArrayTypeOf(TokensKey).Length,
            Id(metadata, "bos"),
            Id(metadata, "eos"),
            metadata.ContainsKey("tokenizer.chat_template"))
        : null;

    private static int? Id(GgufMetadata metadata, string name) =>
        metadata.TryGetInteger($"tokenizer.ggml.{name}_token_id", out long id) ? (int)Math.Min(id, int.MaxValue) : null;

    private static Dictionary<string, string> Metadata(Checkpoint checkpoint) => checkpoint switch
    {
        GgufFile gguf => gguf.Metadata.Keys.ToDictionary(key => key, key => Show(gguf.Metadata, key)),
        SafetensorsCheckpoint { HasConfig: true } folder =>
            folder.Config.EnumerateObject().ToDictionary(each => each.Name, each => Cut(each.Value.GetRawText())),
        _ => [],
    };

    private static string Show(GgufMetadata metadata, string key)
    {
        object value = metadata.GetValue(key);
        if (value is not Array array)
            return Cut(Text(value));
        string shown = string.Join(", ", ((IEnumerable)array).Cast<object>().Take(ShownItems).Select(Text));
        return Cut(array.Length > ShownItems ? $"[{shown}, … {array.Length} in all]" : $"[{shown}]");
    }

    private static string Text(object value) => value is bool flag ? (flag ? "true" : "false") : Convert.ToString(value, CultureInfo.InvariantCulture) ?? "";

    private static string Cut(string text)
    {
        string line = text.ReplaceLineEndings("⏎");
        return line.Length > ShownLength ? line[..ShownLength] + "…" : line;
    }
}
