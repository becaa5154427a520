using System.Text.Json.Serialization;

namespace Winnow.Cli.Output;

/// <summary>Answer of <c>compare --json</c>.</summary>
internal sealed record CompareJson(
    string Model, string? File, string Prompt, int PromptTokens, int MeasuredTokens, int Threads, string CacheType, IReadOnlyList<CompareRowJson> Rows);

/// <summary>One policy at one budget.</summary>
internal sealed record CompareRowJson
{
    public required string Cache { get; init; }

    public required string Keep { get; init; }

    public required string Answer { get; init; }

    public required IReadOnlyList<int> Tokens { get; init; }

    public required double AgreementTop1 { get; init; }

    public required double KlDivergence { get; init; }

    public required double KeptEntries { get; init; }

    public required long KvBytes { get; init; }

    public required long KvBytesFull { get; init; }

    public required long KvBytesEnd { get; init; }

    public required double PrefillTokensPerS { get; init; }

    public required double DecodeTokensPerS { get; init; }
}

/// <summary>Answer of <c>bench --json</c>.</summary>
internal sealed record BenchJson(
    MachineJson Machine, string Model, long ModelBytes, int Threads, string Cache, string CacheType, int Activations,
    IReadOnlyList<BenchRowJson> Results);

/// <summary>The machine and runtime that figures were measured on.</summary>
internal sealed record MachineJson(string Cpu, int Processors, IReadOnlyList<string> InstructionSets, string Runtime, string System);

/// <summary>Figures at one depth.</summary>
internal sealed record BenchRowJson
{
    public required int Depth { get; init; }

    public required int Sequences { get; init; }

    public required int PromptTokens { get; init; }

    public required int GenTokens { get; init; }

    public required int Runs { get; init; }

    public required double PrefillTokensPerS { get; init; }

    public required SpreadJson PrefillSpread { get; init; }

    public required IReadOnlyList<double> PrefillRuns { get; init; }

    public required double DecodeTokensPerS { get; init; }

    public required SpreadJson DecodeSpread { get; init; }

    public required IReadOnlyList<double> DecodeRuns { get; init; }

    public required long BytesPerToken { get; init; }

    public required long WeightBytesPerToken { get; init; }

    public required long KvBytesPerToken { get; init; }

    public required long KvBytes { get; init; }

    public required long KvBytesFull { get; init; }

    /// <summary>Stretches of the last decoding, when asked for.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<WindowJson>? Windows { get; init; }
}

/// <summary>A stretch of a long decoding.</summary>
internal sealed record WindowJson(int Tokens, double TokensPerS, long KvBytes);

/// <summary>Spread of the runs, tokens per second.</summary>
internal sealed record SpreadJson(double Min, double LowerQuartile, double UpperQuartile, double Max);
