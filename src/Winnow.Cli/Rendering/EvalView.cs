using System.Globalization;
using Spectre.Console;
using Winnow.Evaluation;

namespace Winnow.Cli.Rendering;

/// <summary>The tables of an evaluation: a row for each policy and budget, a column for each task; of needles, heat maps.</summary>
internal static class EvalView
{
    /// <summary>Tasks from which on their names are broken over several lines and columns stand close.</summary>
    private const int ManyTasks = 6;

    /// <summary>Letters of a line of such a name.</summary>
    private const int NarrowHead = 8;

    /// <summary>Prints the tables.</summary>
    public static void Print(IAnsiConsole console, IReadOnlyList<SweepResult> results, IReadOnlyList<NeedleGrid> grids)
    {
        if (results.Count == 0)
            return;
        IReadOnlyList<TaskScore> tasks = results[0].Tasks;
        bool mean = tasks.Count > 1 && tasks.All(task => task.Measure.IsPercent);
        Table table = new Table().Border(TableBorder.Simple);
        foreach (string name in new[] { "cache", "keep" })
            table.AddColumn(new TableColumn(name) { NoWrap = true });
        foreach (string name in (string[])[.. tasks.Select(task => Head(task.Task, tasks.Count)), .. mean ? (string[])["mean", "95 %"] : [], "KV bytes"])
        {
            TableColumn column = new(Markup.Escape(name)) { Alignment = Justify.Right, NoWrap = true };
            table.AddColumn(tasks.Count < ManyTasks ? column : column.Padding(0, 0, 1, 0));
        }

        foreach (SweepResult result in results)
        {
            IEnumerable<string> scores = result.Tasks.Select(task => Score(task, wide: tasks.Count < ManyTasks));
            string[] ends = mean ? [Percent(result.Mean), Between(result.MeanInterval())] : [];
            table.AddRow([$"[bold]{Markup.Escape(result.Policy)}[/]", result.Keep, .. scores, .. ends, Figures.Bytes((long)result.KvBytes)]);
        }

        console.Write(table);
        string unit = tasks.All(task => task.Measure.IsPercent) ? "scores in %" : "agreement in %, divergence in nats";
        string rows = string.Join(", ", tasks.Select(task => task.Samples).Distinct());
        console.MarkupLine($"[dim]{unit}, with 95 % bootstrap intervals; {rows} rows of a task; KV bytes after the prompt, a mean[/]");
        foreach (NeedleGrid grid in grids)
            PrintMap(console, grid);
    }

    private static void PrintMap(IAnsiConsole console, NeedleGrid grid)
    {
        Table table = new Table().Border(TableBorder.Simple);
        table.Title = new TableTitle(Markup.Escape($"{grid.Policy} {grid.Keep}: needles found in %"));
        table.AddColumn(new TableColumn("depth") { NoWrap = true });
        foreach (int length in grid.Lengths)
            table.AddColumn(new TableColumn(Figures.Whole(length)) { Alignment = Justify.Right, NoWrap = true });
        for (int depth = 0; depth < grid.Depths.Count; depth++)
        {
            IEnumerable<string> cells = Enumerable.Range(0, grid.Lengths.Count).Select(length => Cell(grid.Scores[depth, length]));
            table.AddRow([Figures.Percent(grid.Depths[depth]), .. cells]);
        }

        console.Write(table);
    }

    private static string Cell(double score)
    {
        // From red over yellow to green.
        int red = (int)(255 * Math.Clamp(2 - score / 50, 0, 1)), green = (int)(200 * Math.Clamp(score / 50, 0, 1));
        return $"[black on rgb({red},{green},60)] {score.ToString("0", CultureInfo.InvariantCulture),3} [/]";
    }

    private static string Head(string task, int count) => count < ManyTasks
        ? task : string.Join('\n', task.Split('_').SelectMany(part => part.Chunk(NarrowHead)).Select(letters => new string(letters)));

    private static string Score(TaskScore task, bool wide)
    {
        string score = task.Measure.IsPercent ? Percent(task.Score) : task.Score.ToString("0.0000", CultureInfo.InvariantCulture);
        return wide && task.Measure.IsPercent && task.Interval() is { } interval ? $"{score} [dim]({Between(interval)})[/]" : score;
    }

    private static string Percent(double score) => score.ToString("0.0", CultureInfo.InvariantCulture);

    private static string Between(Interval? interval) => interval is null ? ""
        : string.Create(CultureInfo.InvariantCulture, $"{interval.Low:0}–{interval.High:0}");
}
