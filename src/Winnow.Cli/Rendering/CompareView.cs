using System.Globalization;
using Spectre.Console;
using Winnow.Cli.Output;
using Winnow.Evaluation;

namespace Winnow.Cli.Rendering;

/// <summary>A comparison as a table and as JSON.</summary>
internal static class CompareView
{
    private const int LongestAnswer = 70;

    /// <summary>The report in the shape of the JSON.</summary>
    public static CompareJson Describe(ComparisonReport report, string? file, string prompt) => new(
        report.Model,
        file,
        prompt,
        report.PromptTokens,
        report.MeasuredTokens,
        report.Threads,
        report.Entries.ToString().ToLowerInvariant(),
        [.. report.Rows.Select(Describe)]);

    /// <summary>Writes the table.</summary>
    public static void Print(IAnsiConsole console, CompareJson report)
    {
        console.MarkupLineInterpolated($"{report.Model}, {report.Threads} threads, cache in {report.CacheType}; prompt of {Figures.Whole(report.PromptTokens)} tokens");
        Table table = new Table().RoundedBorder();
        table.AddColumn("cache").AddColumn("answer");
        foreach (string head in new[] { "keep", "agree", "KL", "entries", "KV", "of full", "prefill", "decode" })
            table.AddColumn(new TableColumn(head) { NoWrap = true }.RightAligned());
        foreach (CompareRowJson row in report.Rows)
        {
            table.AddRow(
                Markup.Escape(row.Cache),
                Markup.Escape(Shorten(row.Answer)),
                row.Keep,
                Figures.Percent(row.AgreementTop1),
                row.KlDivergence.ToString("0.000", CultureInfo.InvariantCulture),
                Figures.Whole(row.KeptEntries),
                Figures.Bytes(row.KvBytes),
                Figures.Percent((double)row.KvBytes / row.KvBytesFull),
                Figures.Rate(row.PrefillTokensPerS),
                Figures.Rate(row.DecodeTokensPerS));
        }

        console.Write(table);
        console.MarkupLine("[dim]agree: share of the full cache's answer where the likeliest token is the same; KL in nats over the same tokens;[/]");
        console.MarkupLine("[dim]entries: kept in each lane after the prompt, a mean; prefill and decode in tokens per second[/]");
    }

    private static CompareRowJson Describe(ComparisonRow row) => new()
    {
        Cache = row.Policy,
        Keep = row.Keep,
        Answer = row.Answer,
        Tokens = row.Tokens,
        AgreementTop1 = row.AgreementTop1,
        KlDivergence = row.KlDivergence,
        KeptEntries = row.KeptEntries,
        KvBytes = row.KvBytes,
        KvBytesFull = row.KvBytesFull,
        KvBytesEnd = row.KvBytesEnd,
        PrefillTokensPerS = Figures.Measured(row.PrefillTokensPerSecond),
        DecodeTokensPerS = Figures.Measured(row.DecodeTokensPerSecond),
    };

    private static string Shorten(string answer)
    {
        string line = string.Join(' ', answer.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));
        return line.Length <= LongestAnswer ? line : line[..(LongestAnswer - 1)] + "…";
    }
}
