using Winnow.Caching;
using Winnow.Kernels.Attention;

namespace Winnow.Evaluation;

/// <summary>What a speed measurement runs.</summary>
public sealed record BenchmarkOptions
{
    /// <summary>Tokens of the timed prefill.</summary>
    public int PromptTokens { get; init; } = 512;

    /// <summary>Tokens of the timed decoding, of each sequence.</summary>
    public int GenTokens { get; init; } = 128;

    /// <summary>Length of the stretches into which the last decoding is cut, to see whether it slows down; 0 for none.</summary>
    public int Window { get; init; }

    /// <summary>Tokens read before either, untimed; each sequence reads its own.</summary>
    public int Depth { get; init; }

    /// <summary>Sequences that decode together, a token each with every pass over the weights.</summary>
    public int Sequences { get; init; } = 1;

    /// <summary>Timed runs; a warm-up run before them does not count.</summary>
    public int Runs { get; init; } = 5;

    /// <summary>What guides the cache.</summary>
    public ChosenPolicy Policy { get; init; } = ChosenPolicy.Full;

    /// <summary>How keys and values are stored.</summary>
    public EntryTypes Entries { get; init; } = EntryType.F16;

    /// <summary>Seed of the token ids.</summary>
    public int Seed { get; init; } = 1;
}
