using Spectre.Console;

namespace Winnow.Cli.Rendering;

/// <summary>How far a piece of work is; written by the worker, read by the display.</summary>
internal sealed class Meter
{
    private volatile string _stage = "";
    private long _done;
    private long _total;

    /// <summary>What is being done.</summary>
    public string Stage
    {
        get => _stage;
        set => _stage = value;
    }

    /// <summary>Units done.</summary>
    public long Done => Interlocked.Read(ref _done);

    /// <summary>Units in all; zero while unknown.</summary>
    public long Total => Interlocked.Read(ref _total);

    /// <summary>Notes progress.</summary>
    public void Report(long done, long total)
    {
        Interlocked.Exchange(ref _total, total);
        Interlocked.Exchange(ref _done, done);
    }
}

/// <summary>Hands reports over on the worker's own thread, without queues.</summary>
internal sealed class Reporter<T>(Action<T> report) : IProgress<T>
{
    /// <inheritdoc/>
    public void Report(T value) => report(value);
}

/// <summary>Shows progress on the error stream for work that takes longer than people like to wait in the dark.</summary>
internal static class Patience
{
    private static readonly TimeSpan _beforeShowing = TimeSpan.FromSeconds(0.8);
    private static readonly TimeSpan _betweenLooks = TimeSpan.FromMilliseconds(100);

    /// <summary>Runs the work; a bar appears after a moment if a person watches, and goes when the work is done.</summary>
    public static T Run<T>(Terminal terminal, string stage, Func<Meter, T> work, params ReadOnlySpan<ProgressColumn> columns)
    {
        Meter meter = new() { Stage = stage };
        if (!terminal.ErrorIsTerminal)
            return work(meter);
        // A thread of its own, so that the display never holds up the work.
        Task<T> task = Task.Factory.StartNew(() => work(meter), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        if (!Settled(task, _beforeShowing))
            Show(terminal, task, meter, columns.ToArray());
        return task.GetAwaiter().GetResult();
    }

    private static void Show(Terminal terminal, Task task, Meter meter, ProgressColumn[] columns)
    {
        Progress progress = terminal.ErrorConsole().Progress().AutoClear(true).Columns(
            [new TaskDescriptionColumn { Alignment = Justify.Left }, new ProgressBarColumn { Width = 30 }, new PercentageColumn(), .. columns,
                new RemainingTimeColumn()]);
        progress.Start(context =>
        {
            ProgressTask line = context.AddTask(Markup.Escape(meter.Stage));
            string shown = meter.Stage;
            long total = 0;
            do
            {
                if (meter.Stage != shown)
                {
                    shown = meter.Stage;
                    // A stage of the same whole goes on with the bar, for the time that is left is learned from all of it.
                    if (meter.Total == total && meter.Done >= line.Value)
                    {
                        line.Description = Markup.Escape(shown);
                    }
                    else
                    {
                        line.StopTask();
                        context.RemoveTask(line);
                        line = context.AddTask(Markup.Escape(shown));
                    }
                }

                total = meter.Total;
                line.IsIndeterminate = total == 0;
                line.MaxValue = Math.Max(1, total);
                line.Value = total == 0 ? 0 : meter.Done;
            }
            while (!Settled(task, _betweenLooks));
        });
    }

    /// <summary>Whether the work has ended, well or badly, within a time.</summary>
    private static bool Settled(Task task, TimeSpan patience) => Task.WaitAny([task], patience) == 0;
}
