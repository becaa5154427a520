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

    /// <summary>Tokens of the timed decoding.</summary>
    public required int GenTokens { get; init; }

    /// <summary>Tokens read before either.</summary>
    public required int Depth { get; init; }

    /// <summary>Prefill, tokens per second.</summary>
    public required SpeedSummary Prefill { get; init; }

    /// <summary>Decoding, tokens per second.</summary>
    public required SpeedSummary Decode { get; init; }

    /// <summary>Stretches of the last decoding; empty when none were asked for.</summary>
    public IReadOnlyList<DecodeWindow> Windows { get; init; } = [];

    /// <summary>Bytes of weights read for a decoded token.</summary>
    public required long WeightBytesPerToken { get; init; }

    /// <summary>Bytes of live keys and values read for a decoded token, a mean over the timed decoding.</summary>
    public required long KvBytesPerToken { get; init; }

    /// <summary>Bytes read for a decoded token: weights and live cache.</summary>
    public long BytesPerToken => WeightBytesPerToken + KvBytesPerToken;

    /// <summary>Bytes a second that the median decoding speed amounts to.</summary>
    public double DecodeBytesPerSecond => Decode.Median * BytesPerToken;

    /// <summary>Bytes of keys and values after the timed decoding, whole pages counted.</summary>
    public required long KvBytes { get; init; }

    /// <summary>The same for a full cache.</summary>
    public required long KvBytesFull { get; init; }
}
