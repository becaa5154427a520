using Winnow.Cli.Options;
using Winnow.Cli.Rendering;
using Winnow.Evaluation;

namespace Winnow.Cli.Output;

/// <summary>Turns a comparison into its JSON.</summary>
internal static class ComparisonJson
{
    /// <summary>The report with what was asked.</summary>
    public static CompareJson Of(ComparisonReport report, string? file, string prompt) => new(
        report.Model, file, prompt, report.PromptTokens, report.MeasuredTokens, report.Threads,
        report.Entries.ToString(), [.. report.Rows.Select(Of)]);

    private static CompareRowJson Of(ComparisonRow row) => new()
    {
        Cache = row.Policy,
        Keep = row.Keep,
        Answer = row.Answer,
        Tokens = row.Tokens,
        AgreementTop1 = row.AgreementTop1,
        KlDivergence = row.KlDivergence,
        KeptEntries = Figures.Measured(row.KeptEntries),
        KvBytes = row.KvBytes,
        KvBytesFull = row.KvBytesFull,
        KvBytesEnd = row.KvBytesEnd,
        PrefillTokensPerS = Figures.Measured(row.PrefillTokensPerSecond),
        DecodeTokensPerS = Figures.Measured(row.DecodeTokensPerSecond),
    };
}
