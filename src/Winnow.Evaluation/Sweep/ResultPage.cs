using System.Globalization;
using System.Text;

namespace Winnow.Evaluation;

/// <summary>What a page of results says besides the figures.</summary>
public sealed record PageOptions
{
    /// <summary>Heading.</summary>
    public required string Title { get; init; }

    /// <summary>Model, data, machine and whatever else decides the figures: names and values.</summary>
    public required IReadOnlyList<(string Name, string Value)> Setting { get; init; }

    /// <summary>The command that makes the figures anew.</summary>
    public required string Command { get; init; }

    /// <summary>How the figures came about, in sentences.</summary>
    public required string Method { get; init; }

    /// <summary>A picture beside the page, by its path from there.</summary>
    public string? Picture { get; init; }

    /// <summary>Heat maps, if the work has them.</summary>
    public IReadOnlyList<NeedleGrid> Grids { get; init; } = [];
}

/// <summary>Writes a sweep as a page in Markdown: setting, scores, spread, and the recipe.</summary>
public static class ResultPage
{
    private const double Mebi = 1024 * 1024;

    /// <summary>The page's text.</summary>
    /// <param name="results">What was measured, at least one.</param>
    /// <param name="options">What is said besides.</param>
    public static string Write(IReadOnlyList<SweepResult> results, PageOptions options)
    {
        StringBuilder page = new();
        page.Append($"# {options.Title}\n\n## Setting\n\n| | |\n|---|---|\n");
        foreach ((string name, string value) in options.Setting)
            page.Append($"| {name} | {Cell(value)} |\n");
        if (options.Picture is { } picture)
            page.Append($"\n![The scores]({picture})\n");
        WriteScores(page, results);
        if (results.Any(result => result.Tasks.Any(task => task.Samples > 1)))
            WriteSpread(page, results);
        foreach (NeedleGrid grid in options.Grids)
            WriteGrid(page, grid);
        page.Append($"\n**Recipe.** {options.Method}\n\n```\n{options.Command}\n```\n");
        return page.ToString();
    }

    private static void WriteScores(StringBuilder page, IReadOnlyList<SweepResult> results)
    {
        bool mean = HasMean(results);
        page.Append("\n## Scores\n\n");
        WriteHead(page, ["policy", "keep", "KV MiB", .. TaskNames(results), .. mean ? (string[])["mean", "95 % interval"] : []]);
        foreach (SweepResult result in results)
        {
            IEnumerable<string> scores = result.Tasks.Select(task => Number(task.Measure, task.Score));
            string[] ends = mean ? [result.Mean.ToString("0.0", CultureInfo.InvariantCulture), Between(new Measure(""), result.MeanInterval())] : [];
            WriteRow(page, [Cell(result.Policy), result.Keep, (result.KvBytes / Mebi).ToString("0.00", CultureInfo.InvariantCulture), .. scores, .. ends]);
        }

        page.Append($"\n{results[0].Tasks.Sum(task => task.Samples)} rows a policy and budget, ");
        page.Append(string.Join(", ", results[0].Tasks.GroupBy(task => task.Samples).Select(group =>
            $"{group.Key} for each of {group.Count()} {(group.Count() == 1 ? "task" : "tasks")}")));
        page.Append(". KV: keys and values after the prompt, a mean over the rows.\n");
    }

    private static void WriteSpread(StringBuilder page, IReadOnlyList<SweepResult> results)
    {
        page.Append("\n## Spread\n\n95 % bootstrap intervals of each task's score, its rows drawn again 2,000 times.\n\n");
        WriteHead(page, ["policy", "keep", .. TaskNames(results)]);
        foreach (SweepResult result in results)
            WriteRow(page, [Cell(result.Policy), result.Keep, .. result.Tasks.Select(task => Between(task.Measure, task.Interval()))]);
    }

    private static void WriteGrid(StringBuilder page, NeedleGrid grid)
    {
        page.Append($"\n## {Cell(grid.Policy)} {grid.Keep}\n\nNeedles found in %, depth against length in tokens.\n\n");
        WriteHead(page, ["depth", .. grid.Lengths.Select(length => length.ToString("#,0", CultureInfo.InvariantCulture))]);
        for (int depth = 0; depth < grid.Depths.Count; depth++)
        {
            string name = (grid.Depths[depth] * 100).ToString("0.#", CultureInfo.InvariantCulture) + " %";
            WriteRow(page, [name, .. Enumerable.Range(0, grid.Lengths.Count).Select(length =>
                grid.Scores[depth, length].ToString("0", CultureInfo.InvariantCulture))]);
        }
    }

    /// <summary>Whether a mean over the tasks says anything: several tasks, all measured in percent.</summary>
    private static bool HasMean(IReadOnlyList<SweepResult> results) => results[0].Tasks.Count > 1 && results[0].Tasks.All(task => task.Measure.IsPercent);

    private static IEnumerable<string> TaskNames(IReadOnlyList<SweepResult> results) => results[0].Tasks.Select(task => Cell(task.Task));

    private static void WriteHead(StringBuilder page, IReadOnlyList<string> names)
    {
        WriteRow(page, names);
        page.Append('|').Append(string.Concat(names.Select(_ => "---|"))).Append('\n');
    }

    private static void WriteRow(StringBuilder page, IReadOnlyList<string> cells) => page.Append("| ").AppendJoin(" | ", cells).Append(" |\n");

    private static string Between(Measure measure, Interval? interval) => interval is null ? "–"
        : $"{Number(measure, interval.Low)} – {Number(measure, interval.High)}";

    private static string Number(Measure measure, double value) => value.ToString(measure.IsPercent ? "0.0" : "0.0000", CultureInfo.InvariantCulture);

    private static string Cell(string text) => text.Replace("|", "\\|", StringComparison.Ordinal);
}
