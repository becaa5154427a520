using Winnow.Caching;
using Winnow.Kernels.Attention;

namespace Winnow.Evaluation;

/// <summary>
/// What a sweep runs under every policy and budget: rows that are measured one by one. Questions over texts are one kind, agreement with the full cache is
/// another. An instance is used by several threads at once, each with a model of its own.
/// </summary>
public abstract class SweepWork
{
    /// <summary>Rows to run under each policy.</summary>
    public abstract int Rows { get; }

    /// <summary>Tells this work from any other, in hexadecimal digits: rows measured for one work are no answer to another.</summary>
    public abstract string Digest { get; }

    /// <summary>What a row is measured by, one score each.</summary>
    /// <param name="row">Index of the row.</param>
    public abstract IReadOnlyList<Measure> Measures(int row);

    /// <summary>Tokens that a row reads and writes, about: for the time that is left.</summary>
    /// <param name="row">Index of the row.</param>
    public abstract long Cost(int row);

    /// <summary>Whether a row is run by the thread that runs the row before it, because they share what they read.</summary>
    /// <param name="row">Index of the row.</param>
    public virtual bool Follows(int row) => false;

    /// <summary>Refuses what cannot work before anything runs.</summary>
    /// <exception cref="WinnowException">A policy cannot work with the model, or a row does not fit it.</exception>
    public abstract void Require(LanguageModel model, IReadOnlyList<ChosenPolicy> policies, EntryTypes entries);

    /// <summary>Runs rows under one policy.</summary>
    /// <param name="model">The model of the calling thread.</param>
    /// <param name="policy">Policy with its budget.</param>
    /// <param name="entries">How keys and values are stored.</param>
    /// <param name="rows">Indices of rows, each but the first following the one before it.</param>
    /// <param name="cancellation">Ends the run between two tokens.</param>
    /// <returns>Outcomes as they come, in the order of the rows.</returns>
    /// <exception cref="OperationCanceledException">The run was cancelled.</exception>
    public abstract IEnumerable<RowOutcome> Run(
        LanguageModel model, ChosenPolicy policy, EntryTypes entries, IReadOnlyList<int> rows, CancellationToken cancellation);
}

/// <summary>A figure that rows are measured by.</summary>
/// <param name="Task">Its name: that of the row's task.</param>
/// <param name="IsPercent">Whether it is a score of 0 to 100, more being better; otherwise a distance such as a divergence in nats.</param>
public sealed record Measure(string Task, bool IsPercent = true);

/// <summary>What came of one row.</summary>
/// <param name="Scores">One for each of the row's measures.</param>
/// <param name="KvBytes">Bytes of keys and values after the prompt, whole pages counted.</param>
public sealed record RowOutcome(IReadOnlyList<double> Scores, long KvBytes);
