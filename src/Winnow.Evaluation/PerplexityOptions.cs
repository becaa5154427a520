using Winnow.Caching;
using Winnow.Kernels.Attention;

namespace Winnow.Evaluation;

/// <summary>How perplexity is measured.</summary>
public sealed record PerplexityOptions
{
    /// <summary>Tokens of a window; its second half is scored.</summary>
    public int Context { get; init; } = 1024;

    /// <summary>Most windows to score; null for all that the text fills.</summary>
    public int? Windows { get; init; }

    /// <summary>What guides the cache.</summary>
    public ChosenPolicy Policy { get; init; } = ChosenPolicy.Full;

    /// <summary>How keys and values are stored.</summary>
    public EntryTypes Entries { get; init; } = EntryType.F16;
}
