using Winnow.Kernels.Attention;

namespace Winnow.Evaluation;

/// <summary>Speed of a model under a cache policy.</summary>
public sealed record BenchmarkResult
{
    /// <summary>File or folder name of the model.</summary>
    public required string Model { get; init; }

    /// <summary>Name of the cache policy.</summary>
    public required string Policy { get; init; }

    /// <summary>Threads of a forward pass.</summary>
    public required int Threads { get; init; }

    /// <summary>How keys and values were stored.</summary>
    public required EntryTypes Entries { get; init; }

    /// <summary>Tokens of the timed prefill.</summary>
    public required int PromptTokens { get; init; }

    /// <summary>Tokens of the timed decoding, of each sequence.</summary>
    public required int GenTokens { get; init; }

    /// <summary>Tokens read before either, by each sequence.</summary>
    public required int Depth { get; init; }

    /// <summary>Sequences that decoded together.</summary>
    public required int Sequences { get; init; }

    /// <summary>Prefill of one sequence, tokens per second.</summary>
    public required SpeedSummary Prefill { get; init; }

    /// <summary>Decoding, tokens per second of all sequences together.</summary>
    public required SpeedSummary Decode { get; init; }

    /// <summary>Stretches of the last decoding; empty when none were asked for.</summary>
    public IReadOnlyList<DecodeWindow> Windows { get; init; } = [];

    /// <summary>Bytes of weights read for a decoded token: those of a pass, shared by its sequences.</summary>
    public required long WeightBytesPerToken { get; init; }

    /// <summary>Bytes of live keys and values read for a decoded token, a mean over the timed decoding and the sequences.</summary>
    public required long KvBytesPerToken { get; init; }

    /// <summary>Bytes read for a decoded token: weights and live cache.</summary>
    public long BytesPerToken => WeightBytesPerToken + KvBytesPerToken;

    /// <summary>Bytes a second that the median decoding speed amounts to.</summary>
    public double DecodeBytesPerSecond => Decode.Median * BytesPerToken;

    /// <summary>Bytes of keys and values of all sequences after the timed decoding, whole pages counted.</summary>
    public required long KvBytes { get; init; }

    /// <summary>The same for full caches.</summary>
    public required long KvBytesFull { get; init; }
}
