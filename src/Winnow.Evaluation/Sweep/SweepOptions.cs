using Winnow.Kernels.Attention;

namespace Winnow.Evaluation;

/// <summary>Which policies a sweep runs, and how.</summary>
public sealed record SweepOptions
{
    /// <summary>Policies and budgets, each of which runs every row.</summary>
    public required IReadOnlyList<ComparisonEntry> Entries { get; init; }

    /// <summary>How keys and values are stored.</summary>
    public EntryTypes EntriesType { get; init; } = EntryType.F16;

    /// <summary>Where finished rows are written and found again; null to keep none.</summary>
    public SweepJournal? Journal { get; init; }
}
