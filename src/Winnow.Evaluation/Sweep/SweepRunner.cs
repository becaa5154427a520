using System.Runtime.ExceptionServices;
using Winnow.Caching;

namespace Winnow.Evaluation;

/// <summary>
/// Runs every row of a work under every policy and budget. Several models, loaded from the same file, run rows side by side: passes of one model take turns,
/// and a small model gains more from two rows at once than from two threads on one.
/// </summary>
public static class SweepRunner
{
    /// <summary>Runs the sweep.</summary>
    /// <param name="models">At least one; each is used by one thread at a time.</param>
    /// <param name="work">The rows.</param>
    /// <param name="options">Policies, budgets, and the journal.</param>
    /// <param name="progress">Told the tokens of rows done, those of the journal not counted.</param>
    /// <param name="cancellation">Ends the run between two tokens.</param>
    /// <returns>One for each policy and budget, in their order; a cancelled run has those that were complete.</returns>
    /// <exception cref="WinnowException">A policy is unknown or cannot work with the model, or a row does not fit the model's window.</exception>
    public static IReadOnlyList<SweepResult> Run(
        IReadOnlyList<LanguageModel> models, SweepWork work, SweepOptions options,
        IProgress<EvaluationProgress>? progress = null, CancellationToken cancellation = default)
    {
        ChosenPolicy[] policies = [.. options.Entries.Select(entry => entry.Parse())];
        // All that can be refused is refused before the first minute is spent.
        work.Require(models[0], policies, options.EntriesType);
        using CancellationTokenSource stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        Job job = new(work, options, policies, progress, stop);
        if (models.Count == 1)
            job.RunItems(models[0]);
        else
            RunSideBySide(models, job);
        job.Failure?.Throw();
        return job.Results();
    }

    private static void RunSideBySide(IReadOnlyList<LanguageModel> models, Job job)
    {
        Thread[] threads = [.. models.Select(model => new Thread(() => job.RunItems(model)) { IsBackground = true })];
        foreach (Thread thread in threads)
            thread.Start();
        foreach (Thread thread in threads)
            thread.Join();
    }

    /// <summary>Rows that one thread runs in one go.</summary>
    private sealed record Item(int Entry, IReadOnlyList<int> Rows);

    /// <summary>One sweep under way.</summary>
    private sealed class Job
    {
        private readonly SweepWork _work;
        private readonly SweepOptions _options;
        private readonly ChosenPolicy[] _policies;
        private readonly IProgress<EvaluationProgress>? _progress;
        private readonly CancellationTokenSource _stop;
        private readonly RowOutcome?[][] _outcomes;
        private readonly string[] _keeps;
        private readonly List<Item> _items = [];
        private readonly Lock _gate = new();
        private readonly long _total;
        private long _done;
        private int _next = -1;

        public Job(SweepWork work, SweepOptions options, ChosenPolicy[] policies, IProgress<EvaluationProgress>? progress, CancellationTokenSource stop)
        {
            (_work, _options, _policies, _progress, _stop) = (work, options, policies, progress, stop);
            _keeps = [.. options.Entries.Select(entry => entry.EffectiveKeep().ToString())];
            _outcomes = [.. options.Entries.Select(_ => new RowOutcome?[work.Rows])];
            for (int entry = 0; entry < policies.Length; entry++)
                Plan(entry);
            _total = _items.Sum(item => item.Rows.Sum(work.Cost));
        }

        /// <summary>What ended the run before its time.</summary>
        public ExceptionDispatchInfo? Failure { get; private set; }

        /// <summary>Runs items until none is left.</summary>
        public void RunItems(LanguageModel model)
        {
            try
            {
                while (!_stop.IsCancellationRequested && Interlocked.Increment(ref _next) is int item && item < _items.Count)
                    Run(model, _items[item]);
            }
            catch (OperationCanceledException)
            {
                // What is complete is reported; the rest is told by its absence.
            }
            catch (Exception error)
            {
                lock (_gate)
                    Failure ??= ExceptionDispatchInfo.Capture(error);
                _stop.Cancel();
            }
        }

        public IReadOnlyList<SweepResult> Results()
        {
            List<SweepResult> results = [];
            for (int entry = 0; entry < _outcomes.Length; entry++)
            {
                if (_outcomes[entry].All(outcome => outcome is not null))
                    results.Add(Result(entry, [.. _outcomes[entry].Select(outcome => outcome!)]));
            }

            return results;
        }

        private void Plan(int entry)
        {
            List<int> rows = [];
            for (int row = 0; row < _work.Rows; row++)
            {
                if (_options.Journal?.Find(_options.Entries[entry].PolicyText, _keeps[entry], row) is { } known)
                {
                    _outcomes[entry][row] = known;
                    continue;
                }

                if (rows.Count > 0 && !(_work.Follows(row) && rows[^1] == row - 1))
                {
                    _items.Add(new Item(entry, rows));
                    rows = [];
                }

                rows.Add(row);
            }

            if (rows.Count > 0)
                _items.Add(new Item(entry, rows));
        }

        private void Run(LanguageModel model, Item item)
        {
            string policy = _options.Entries[item.Entry].PolicyText;
            string stage = $"{policy} {_keeps[item.Entry]}";
            Report(stage, 0);
            int index = 0;
            foreach (RowOutcome outcome in _work.Run(model, _policies[item.Entry], _options.EntriesType, item.Rows, _stop.Token))
            {
                int row = item.Rows[index++];
                _outcomes[item.Entry][row] = outcome;
                _options.Journal?.Add(policy, _keeps[item.Entry], row, outcome);
                Report(stage, _work.Cost(row));
            }
        }

        private void Report(string stage, long more)
        {
            lock (_gate)
            {
                _done += more;
                _progress?.Report(new EvaluationProgress(stage, _done, _total));
            }
        }

        private SweepResult Result(int entry, RowOutcome[] outcomes)
        {
            IEnumerable<(Measure Measure, double Score)> scores = outcomes.SelectMany((outcome, row) => _work.Measures(row).Zip(outcome.Scores));
            TaskScore[] tasks = [.. scores.GroupBy(score => score.Measure, score => score.Score).Select(task => new TaskScore(task.Key, [.. task]))];
            return new SweepResult(_options.Entries[entry].PolicyText, _keeps[entry], tasks, outcomes);
        }
    }
}
