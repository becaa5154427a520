using System.Text.Json.Serialization;

namespace Winnow.Cli.Output;

/// <summary>Answer of <c>inspect --json</c>.</summary>
internal sealed record InspectJson
{
    public required string Path { get; init; }

    public required string Format { get; init; }

    public uint? Version { get; init; }

    public required long Bytes { get; init; }

    public required string Architecture { get; init; }

    public string? Name { get; init; }

    public required long Parameters { get; init; }

    public ModelSizesJson? Sizes { get; init; }

    /// <summary>Why the sizes are missing.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Problem { get; init; }

    public required IReadOnlyList<TensorTypeJson> TensorsByType { get; init; }

    public TokenizerJson? Tokenizer { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<TensorJson>? Tensors { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyDictionary<string, string>? Metadata { get; init; }
}

/// <summary>Sizes of a model.</summary>
internal sealed record ModelSizesJson
{
    public required int ContextLength { get; init; }

    public required int Layers { get; init; }

    public required int Width { get; init; }

    public required int FeedForwardWidth { get; init; }

    public required int QueryHeads { get; init; }

    public required int KvHeads { get; init; }

    public required int HeadDim { get; init; }

    public required int VocabularySize { get; init; }

    public required int SlidingWindow { get; init; }

    public required bool TiedEmbeddings { get; init; }

    public required long KvBytesPerTokenF16 { get; init; }
}

/// <summary>Tensors of one storage type.</summary>
internal sealed record TensorTypeJson(string Type, int Count, long Values, long Bytes);

/// <summary>A tensor.</summary>
internal sealed record TensorJson(string Name, string Type, IReadOnlyList<long> Shape, long Bytes);

/// <summary>What a file says of its tokenizer.</summary>
internal sealed record TokenizerJson(string Model, string? Pre, int Tokens, int? Bos, int? Eos, bool ChatTemplate);
