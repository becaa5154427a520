namespace Winnow.Evaluation;

/// <summary>What came of all rows under one policy with one budget.</summary>
/// <param name="Policy">The policy as asked for.</param>
/// <param name="Keep">Its budget.</param>
/// <param name="Tasks">Scores of each task, in the order of the rows.</param>
/// <param name="Rows">Outcome of each row.</param>
public sealed record SweepResult(string Policy, string Keep, IReadOnlyList<TaskScore> Tasks, IReadOnlyList<RowOutcome> Rows)
{
    /// <summary>Bytes of keys and values after the prompt, a mean over the rows.</summary>
    public double KvBytes => Rows.Average(row => (double)row.KvBytes);

    /// <summary>Mean of the tasks' scores in percent, tasks counting alike; of a work without such scores, 0.</summary>
    public double Mean => Percents.Select(task => task.Score).DefaultIfEmpty(0).Average();

    /// <summary>Where <see cref="Mean"/> lies with 95 % confidence, each task's rows drawn again; null when no task has two rows.</summary>
    public Interval? MeanInterval() => Bootstrap.Mean([.. Percents.Select(task => task.Scores)]);

    private IEnumerable<TaskScore> Percents => Tasks.Where(task => task.Measure.IsPercent);
}

/// <summary>Scores of a task's rows.</summary>
/// <param name="Measure">The task, and what its scores mean.</param>
/// <param name="Scores">One for each row.</param>
public sealed record TaskScore(Measure Measure, IReadOnlyList<double> Scores)
{
    /// <summary>The task's name.</summary>
    public string Task => Measure.Task;

    /// <summary>Mean over the rows.</summary>
    public double Score => Scores.Average();

    /// <summary>Rows measured.</summary>
    public int Samples => Scores.Count;

    /// <summary>Where <see cref="Score"/> lies with 95 % confidence; null for a single row.</summary>
    public Interval? Interval() => Bootstrap.Mean([Scores]);
}
