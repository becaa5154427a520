using System.Globalization;
using Spectre.Console;
using Winnow.Decoding;
using Winnow.Tokenization;

namespace Winnow.Cli.Rendering;

/// <summary>Generated tokens, their log-probabilities, and what else could have stood there.</summary>
internal static class LogProbabilityTable
{
    /// <summary>Prints one row a token.</summary>
    public static void Print(IAnsiConsole console, Tokenizer tokenizer, IReadOnlyList<GeneratedToken> tokens)
    {
        Table table = new Table().Border(TableBorder.Simple).AddColumn("token").AddColumn(new TableColumn("ln p").RightAligned()).AddColumn("likeliest");
        foreach (GeneratedToken token in tokens)
        {
            string top = string.Join("  ", token.Top.Select(each => $"{tokenizer.TokenText(each.Token)} {Number(each.LogProbability)}"));
            table.AddRow(Markup.Escape(tokenizer.TokenText(token.Token)), Number(token.LogProbability), Markup.Escape(top));
        }

        console.Write(table);
    }

    private static string Number(float value) => value.ToString("0.000", CultureInfo.InvariantCulture);
}
