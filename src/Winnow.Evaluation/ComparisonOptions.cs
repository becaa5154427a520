using Winnow.Caching;
using Winnow.Decoding;
using Winnow.Kernels.Attention;

namespace Winnow.Evaluation;

/// <summary>What a comparison runs besides the full cache, which always comes first.</summary>
public sealed record ComparisonOptions
{
    /// <summary>Policies and budgets, a row each.</summary>
    public required IReadOnlyList<ComparisonEntry> Entries { get; init; }

    /// <summary>Most tokens of an answer.</summary>
    public int MaxTokens { get; init; } = 64;

    /// <summary>How keys and values are stored.</summary>
    public EntryTypes EntriesType { get; init; } = EntryType.F16;

    /// <summary>How the answers are drawn; the likeliest token by default.</summary>
    public SamplingOptions Sampling { get; init; } = new();

    /// <summary>
    /// Tokens of the full cache's answer, from its beginning, over which agreement and divergence are measured at most: bounds the logits held.
    /// </summary>
    public int MeasuredTokens { get; init; } = 256;
}

/// <summary>One row to run.</summary>
/// <param name="PolicyText">A policy as on the command line: «h2o» or «h2o:norm=sum».</param>
/// <param name="Keep">Its budget, unless the text has an option «keep».</param>
public sealed record ComparisonEntry(string PolicyText, Budget Keep)
{
    /// <summary>The policy.</summary>
    /// <exception cref="WinnowException">The policy or an option is unknown, or a value cannot work.</exception>
    public ChosenPolicy Parse() => PolicyCatalogue.Parse(PolicyText, Keep);

    /// <summary>The budget that holds: <see cref="Keep"/>, or what the text says.</summary>
    /// <exception cref="WinnowException">The text's budget is not understood.</exception>
    public Budget EffectiveKeep()
    {
        Budget keep = Keep;
        // The innermost policy has the last word, as when it is built.
        for (string? text = PolicyText; text is not null;)
        {
            PolicyText parts = Caching.PolicyText.Parse(text);
            if (parts.Options.TryGetValue("keep", out string? named))
                keep = Budget.Parse(named);
            text = parts.Inner;
        }

        return keep;
    }
}
