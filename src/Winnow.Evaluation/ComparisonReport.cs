using Winnow.Kernels.Attention;

namespace Winnow.Evaluation;

/// <summary>Answers, quality, memory and speed of several cache policies on one prompt.</summary>
public sealed record ComparisonReport
{
    /// <summary>File or folder name of the model.</summary>
    public required string Model { get; init; }

    /// <summary>Tokens of the prompt.</summary>
    public required int PromptTokens { get; init; }

    /// <summary>Tokens of the full cache's answer over which quality was measured, the token that ended it included.</summary>
    public required int MeasuredTokens { get; init; }

    /// <summary>Threads of a forward pass.</summary>
    public required int Threads { get; init; }

    /// <summary>How keys and values were stored.</summary>
    public required EntryTypes Entries { get; init; }

    /// <summary>One row a policy and budget, the full cache first.</summary>
    public required IReadOnlyList<ComparisonRow> Rows { get; init; }
}

/// <summary>One policy at one budget.</summary>
public sealed record ComparisonRow
{
    /// <summary>The policy with its options, as it was asked for.</summary>
    public required string Policy { get; init; }

    /// <summary>Its budget.</summary>
    public required string Keep { get; init; }

    /// <summary>Its own answer to the prompt.</summary>
    public required string Answer { get; init; }

    /// <summary>Token ids of the answer, without the token that ended it.</summary>
    public required IReadOnlyList<int> Tokens { get; init; }

    /// <summary>
    /// Share of the full cache's answer where this cache's likeliest token is also the full cache's, fed with the full cache's answer; 0 to 1. The
    /// token that ends
    /// the answer counts.
    /// </summary>
    public required double AgreementTop1 { get; init; }

    /// <summary>Mean KL(full ‖ this) over the same tokens, in nats.</summary>
    public required double KlDivergence { get; init; }

    /// <summary>Entries of a lane after the prompt, a mean over lanes.</summary>
    public required double KeptEntries { get; init; }

    /// <summary>Bytes of keys and values after the prompt, whole pages counted.</summary>
    public required long KvBytes { get; init; }

    /// <summary>The same for a full cache.</summary>
    public required long KvBytesFull { get; init; }

    /// <summary>Bytes of keys and values after the answer.</summary>
    public required long KvBytesEnd { get; init; }

    /// <summary>Speed of reading the prompt, compression included.</summary>
    public required double PrefillTokensPerSecond { get; init; }

    /// <summary>Speed of writing the answer; 0 when it was over before a token was decoded.</summary>
    public required double DecodeTokensPerSecond { get; init; }
}
