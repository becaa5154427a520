using System.Globalization;
using Spectre.Console;
using Winnow.Cli.Output;

namespace Winnow.Cli.Rendering;

/// <summary>The table of a comparison: figures first, then the answers, which may be long.</summary>
internal static class ComparisonView
{
    /// <summary>Columns below which answers stand under the table: beside it they would be a word wide.</summary>
    private const int RoomForAnswers = 120;

    /// <summary>Prints the table.</summary>
    public static void Print(IAnsiConsole console, CompareJson report)
    {
        console.MarkupLineInterpolated(
            $"[dim]{report.Model} · {Figures.Whole(report.PromptTokens)} prompt tokens · {report.Threads} threads · {report.CacheType} entries[/]");
        if (report.Prompt.Length > 0)
            console.MarkupLineInterpolated($"[bold]{Line(report.Prompt)}[/]");
        Table table = new Table().Border(TableBorder.Simple);
        foreach (string left in new[] { "cache", "keep" })
            table.AddColumn(new TableColumn(left) { NoWrap = true });
        foreach (string right in new[] { "top-1", "KL", "entries", "KV bytes", "prefill\ntok/s", "decode\ntok/s" })
            table.AddColumn(new TableColumn(right) { Alignment = Justify.Right, NoWrap = true });
        bool beside = console.Profile.Width >= RoomForAnswers;
        if (beside)
            table.AddColumn("answer");
        foreach (CompareRowJson row in report.Rows)
            table.AddRow([.. Cells(row, beside).Select(cell => new Markup(cell))]);
        console.Write(table);
        foreach (CompareRowJson row in beside ? [] : report.Rows)
            console.MarkupLineInterpolated($"[bold]{row.Cache}[/] {row.Keep}: {Line(row.Answer)}");
        console.MarkupLineInterpolated($"[dim]top-1 and KL: agreement with the full cache over the {report.MeasuredTokens} tokens of its answer; entries: a lane's mean after the prompt[/]");
    }

    private static IEnumerable<string> Cells(CompareRowJson row, bool withAnswer)
    {
        bool whole = row.AgreementTop1 >= 1;
        yield return $"[bold]{Markup.Escape(row.Cache)}[/]";
        yield return row.Keep;
        yield return $"[{(whole ? "green" : row.AgreementTop1 >= 0.8 ? "yellow" : "red")}]{Figures.Percent(row.AgreementTop1)}[/]";
        yield return row.KlDivergence.ToString(row.KlDivergence is > 0 and < 0.001 ? "0.0e0" : "0.000", CultureInfo.InvariantCulture);
        yield return Figures.Whole(row.KeptEntries);
        yield return Figures.Bytes(row.KvBytes);
        yield return Figures.Rate(row.PrefillTokensPerS);
        yield return Figures.Rate(row.DecodeTokensPerS);
        if (withAnswer)
            yield return Markup.Escape(Line(row.Answer));
    }

    private static string Line(string text) => text.Trim().ReplaceLineEndings(" ");
}
