using Spectre.Console;
using Winnow.Cli.Output;

namespace Winnow.Cli.Rendering;

/// <summary>The table of a speed measurement.</summary>
internal static class BenchmarkView
{
    /// <summary>Prints machine and figures.</summary>
    public static void Print(IAnsiConsole console, BenchJson report)
    {
        console.MarkupLineInterpolated($"[dim]{report.Machine.Cpu} · {string.Join(", ", report.Machine.InstructionSets)}[/]");
        console.MarkupLineInterpolated($"[dim]{report.Machine.Runtime} · {report.Machine.System}[/]");
        string activations = report.Activations == 16 ? "" : $" · {report.Activations}-bit activations";
        string setting = $"{report.Threads} threads · {report.Cache} cache, {report.CacheType} entries{activations}";
        console.MarkupLineInterpolated($"[bold]{report.Model}[/] [dim]{Figures.Bytes(report.ModelBytes)} · {setting}[/]");
        Table table = new Table().Border(TableBorder.Simple).AddColumn(Right("depth"));
        string[] columns = ["prompt", "prefill tok/s", "min … max", "sequences", "generated", "decode tok/s", "min … max", "MiB a token", "KV bytes"];
        foreach (string name in columns)
            table.AddColumn(Right(name));
        foreach (BenchRowJson row in report.Results)
        {
            table.AddRow(
                Figures.Whole(row.Depth),
                Figures.Whole(row.PromptTokens),
                $"[bold]{Figures.Short(row.PrefillTokensPerS)}[/]",
                Spread(row.PrefillSpread),
                Figures.Whole(row.Sequences),
                Figures.Whole(row.GenTokens),
                $"[bold]{Figures.Short(row.DecodeTokensPerS)}[/]",
                Spread(row.DecodeSpread),
                Figures.Short(row.BytesPerToken / 1048576.0),
                Figures.Bytes(row.KvBytes));
        }

        console.Write(table);
        console.MarkupLineInterpolated(
            $"[dim]median of {report.Results[0].Runs} runs; decode: all sequences together; MiB a token: weights and cached entries that one token reads[/]");
        foreach (BenchRowJson row in report.Results.Where(row => row.Windows is not null))
            PrintWindows(console, row);
    }

    /// <summary>Prints how fast memory is read.</summary>
    public static void Print(IAnsiConsole console, BandwidthJson report)
    {
        console.MarkupLineInterpolated($"[dim]{report.Machine.Cpu} · {report.Threads} threads[/]");
        Table table = new Table().Border(TableBorder.Simple);
        foreach (string name in new[] { "buffer", "GB/s", "min … max" })
            table.AddColumn(Right(name));
        foreach (BandwidthRowJson row in report.Results)
            table.AddRow(Figures.Bytes(row.Bytes), $"[bold]{Figures.Short(row.GbPerS)}[/]", Spread(row.Spread));
        console.Write(table);
    }

    private static void PrintWindows(IAnsiConsole console, BenchRowJson row)
    {
        Table table = new Table().Border(TableBorder.Simple).Title($"the last run at depth {Figures.Whole(row.Depth)}");
        foreach (string name in new[] { "generated", "decode tok/s", "KV bytes" })
            table.AddColumn(Right(name));
        foreach (WindowJson window in row.Windows!)
            table.AddRow(Figures.Whole(window.Tokens), Figures.Short(window.TokensPerS), Figures.Bytes(window.KvBytes));
        console.Write(table);
    }

    private static TableColumn Right(string name) => new TableColumn(name).RightAligned();

    private static string Spread(SpreadJson spread) => $"{Figures.Short(spread.Min)} … {Figures.Short(spread.Max)}";
}
