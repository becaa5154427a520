using System.Text.Json.Serialization;

namespace Winnow.Cli.Output;

/// <summary>Answer of <c>run --json</c>.</summary>
internal sealed record RunJson
{
    public required string Text { get; init; }

    public required IReadOnlyList<int> Tokens { get; init; }

    public required int PromptTokens { get; init; }

    public required double KeptEntries { get; init; }

    public required long KvBytes { get; init; }

    public required long KvBytesFull { get; init; }

    public required double PrefillTokensPerS { get; init; }

    public required double DecodeTokensPerS { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<LogProbabilityJson>? Logprobs { get; init; }
}

/// <summary>A generated token's log-probability and the likeliest tokens at its place.</summary>
internal sealed record LogProbabilityJson(int Token, float Logprob, IReadOnlyList<TopJson> Top);

/// <summary>A token and its log-probability.</summary>
internal sealed record TopJson(int Token, float Logprob);

/// <summary>Conversation of <c>chat --json</c>.</summary>
internal sealed record ChatJson(IReadOnlyList<TurnJson> Turns);

/// <summary>One turn of a conversation: what the user wrote, and the answer as <c>run</c> gives it.</summary>
internal sealed record TurnJson(string User, RunJson Answer);

/// <summary>Answer of <c>tokenize --json</c>.</summary>
internal sealed record TokenizeJson(IReadOnlyList<int> Ids, IReadOnlyList<string> Tokens);

/// <summary>Answer of <c>pull --json</c>.</summary>
internal sealed record PullJson(string Reference, string Path, long Bytes, double Seconds);

/// <summary>Answer of <c>train nano --json</c>.</summary>
internal sealed record TrainJson(string Path, bool Finished, long Steps, double Loss);

/// <summary>One policy of <c>policies --json</c>.</summary>
internal sealed record PolicyJson(
    string Name, string Summary, string Paper, IReadOnlyList<PolicyOptionJson> Options, IReadOnlyList<string> Needs, IReadOnlyList<string> Survives);

/// <summary>An option of a policy.</summary>
internal sealed record PolicyOptionJson(string Name, string Default, string Help);

/// <summary>Answer of <c>perplexity --json</c>.</summary>
internal sealed record PerplexityJson
{
    public required double Perplexity { get; init; }

    public required double StandardError { get; init; }

    public required double MeanNll { get; init; }

    public required int Tokens { get; init; }

    public required int Windows { get; init; }

    public required int Context { get; init; }

    public required string Cache { get; init; }

    public required double KeptEntries { get; init; }

    public required long KvBytes { get; init; }

    public required long KvBytesFull { get; init; }

    public required double Seconds { get; init; }
}

/// <summary>Answer of <c>calibrate fourier --json</c>.</summary>
internal sealed record CalibrateFourierJson
{
    public required string Output { get; init; }

    public required int Prompts { get; init; }

    public required int Length { get; init; }

    public required int Frequencies { get; init; }

    public required bool Rotated { get; init; }

    public required int Channels { get; init; }

    public required IReadOnlyList<CalibratedLayerJson> Layers { get; init; }
}

/// <summary>Channels of a layer.</summary>
internal sealed record CalibratedLayerJson(
    int Layer, int KeysCompressed, int KeysKept, double KeysError, int ValuesCompressed, int ValuesKept, double ValuesError);
