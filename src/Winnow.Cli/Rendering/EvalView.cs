using Spectre.Console;
using Winnow.Evaluation;

namespace Winnow.Cli.Rendering;

/// <summary>The table of an evaluation: a row for each policy and budget, a column for each task.</summary>
internal static class EvalView
{
    /// <summary>Prints the table.</summary>
    public static void Print(IAnsiConsole console, IReadOnlyList<DataResult> results)
    {
        if (results.Count == 0)
            return;
        Table table = new Table().Border(TableBorder.Simple);
        foreach (string name in new[] { "cache", "keep" })
            table.AddColumn(new TableColumn(name) { NoWrap = true });
        string[] tasks = [.. results[0].Tasks.Select(task => task.Task)];
        foreach (string name in tasks.Append("KV bytes"))
            table.AddColumn(new TableColumn(Markup.Escape(name)) { Alignment = Justify.Right });
        foreach (DataResult result in results)
        {
            IEnumerable<string> scores = result.Tasks.Select(task => $"{task.Right} of {task.Samples}");
            table.AddRow([$"[bold]{Markup.Escape(result.Policy)}[/]", result.Keep, .. scores, Figures.Bytes((long)result.KvBytes)]);
        }

        console.Write(table);
        console.MarkupLine("[dim]right answers of all asked; KV bytes when the answer began, a mean[/]");
    }
}
