using Winnow.Kernels.Attention;

namespace Winnow.Evaluation;

/// <summary>How rows are answered.</summary>
public sealed record DataOptions
{
    /// <summary>Policies and budgets, each of which answers every row.</summary>
    public required IReadOnlyList<ComparisonEntry> Entries { get; init; }

    /// <summary>
    /// Whether a policy sees the question before it compresses. Otherwise it compresses the context alone, and the question is read over what was kept.
    /// </summary>
    public bool QuestionAware { get; init; }

    /// <summary>How keys and values are stored.</summary>
    public EntryTypes EntriesType { get; init; } = EntryType.F16;
}

/// <summary>What one policy with one budget answered.</summary>
/// <param name="Policy">The policy as asked for.</param>
/// <param name="Keep">Its budget.</param>
/// <param name="Tasks">Right answers of each task, in the order of the data.</param>
/// <param name="KvBytes">Bytes of keys and values when the answer began, a mean over the rows.</param>
public sealed record DataResult(string Policy, string Keep, IReadOnlyList<TaskScore> Tasks, double KvBytes);

/// <summary>Right answers of a task.</summary>
/// <param name="Task">Its name.</param>
/// <param name="Right">Rows answered rightly.</param>
/// <param name="Samples">Rows answered.</param>
public sealed record TaskScore(string Task, int Right, int Samples)
{
    /// <summary>Right answers in percent.</summary>
    public double Score => Samples == 0 ? 0 : 100.0 * Right / Samples;
}
