using System.Text.Json.Nodes;
using Winnow.Decoding;
using Winnow.Tokenization;

namespace Winnow.Evaluation;

/// <summary>Which rows of LongBench are read.</summary>
public sealed record LongBenchOptions
{
    /// <summary>Names of tasks; empty for all whose files are there.</summary>
    public IReadOnlyList<string> Tasks { get; init; } = [];

    /// <summary>Most rows of a task; 0 for all.</summary>
    public int LimitPerTask { get; init; }

    /// <summary>Most tokens of prompt and answer; of a longer text the middle is left out.</summary>
    public required int Length { get; init; }
}

/// <summary>
/// LongBench (Bai et al. 2023, arXiv 2308.14508) as it is distributed: a folder of files <c>task.jsonl</c>, each line with <c>input, context, answers,
/// all_classes</c> and more that is not needed here (<c>length, dataset, language, _id</c>). The folder is the user's; nothing is fetched.
/// </summary>
public static class LongBenchFolder
{
    /// <summary>Reads rows, and cuts texts that are too long in their middle.</summary>
    /// <param name="path">The folder.</param>
    /// <param name="tokenizer">Counts the tokens.</param>
    /// <param name="options">Tasks, rows and length.</param>
    /// <exception cref="WinnowException">The folder has no such files, a line is no such row, or a question alone is longer than the length.</exception>
    public static IReadOnlyList<DataRow> Read(string path, Tokenizer tokenizer, LongBenchOptions options)
    {
        MiddleCut cut = new(tokenizer, options.Length);
        List<DataRow> rows = [];
        foreach ((string file, LongBenchTask task) in Files(path, options.Tasks))
        {
            string name = Path.GetFileNameWithoutExtension(file);
            IEnumerable<DataRow> all = JsonRows.Read(file, (row, where) => Parse(row, name, task, where));
            rows.AddRange((options.LimitPerTask > 0 ? all.Take(options.LimitPerTask) : all).Select(cut.Fit));
        }

        return rows;
    }

    private static IEnumerable<(string File, LongBenchTask Task)> Files(string path, IReadOnlyList<string> tasks)
    {
        if (!Directory.Exists(path))
            throw new WinnowException($"{path}: there is no such folder; name the one that holds LongBench's .jsonl files");
        if (tasks.Count > 0)
            return [.. tasks.Select(name => (FileOf(path, name), Known(name)))];
        (string, LongBenchTask)[] found =
        [
            .. Directory.GetFiles(path, "*.jsonl").Order(StringComparer.Ordinal)
                .Select(file => (file, LongBenchTasks.Find(Path.GetFileNameWithoutExtension(file))))
                .Where(pair => pair.Item2 is not null)
                .Select(pair => (pair.file, pair.Item2!)),
        ];
        return found.Length > 0
            ? found : throw new WinnowException($"{path}: the folder holds no file of LongBench, such as {LongBenchTasks.Names[0]}.jsonl");
    }

    private static LongBenchTask Known(string name) => LongBenchTasks.Find(name)
        ?? throw new WinnowException($"there is no LongBench task '{name}'; there are: {string.Join(", ", LongBenchTasks.Names)}");

    private static string FileOf(string folder, string name)
    {
        Known(name);
        string file = Path.Combine(folder, name + ".jsonl");
        return File.Exists(file) ? file : throw new WinnowException($"{file}: there is no such file; LongBench's task {name} is read from it");
    }

    private static DataRow Parse(JsonObject row, string name, LongBenchTask task, string where)
    {
        IReadOnlyList<string> classes = row["all_classes"] is JsonArray ? JsonRows.Texts(row, "all_classes", where) : [];
        return new DataRow
        {
            Task = name,
            Context = $"{task.Before}\n\n{JsonRows.Text(row, "context", where)}",
            Question = task.After.Replace("{input}", JsonRows.Text(row, "input", where), StringComparison.Ordinal),
            AnswerPrefix = task.AnswerPrefix,
            Answers = JsonRows.Texts(row, "answers", where),
            MaxNewTokens = task.MaxNewTokens,
            Metric = task.Metric(classes),
            Plain = task.Plain,
        };
    }
}

/// <summary>Leaves the middle of texts out that are longer than a prompt may be, as LongBench does: beginnings and ends say most.</summary>
internal sealed class MiddleCut(Tokenizer tokenizer, int length)
{
    private readonly PromptRenderer _chat = new(tokenizer, raw: false);
    private readonly PromptRenderer _plain = new(tokenizer, raw: true);

    /// <summary>The row with as much of its context as fits.</summary>
    /// <exception cref="WinnowException">Without any context it is still too long.</exception>
    public DataRow Fit(DataRow row)
    {
        int excess = Excess(row), kept = row.Context.Length;
        if (excess <= 0)
            return row;
        DataRow cut = row;
        double perToken = (double)kept / Math.Max(1, tokenizer.Encode(row.Context).Count);
        // Characters are cut, not tokens: not every tokenizer gives back what it read. What is left is counted again.
        for (; excess > 0; excess = Excess(cut))
        {
            kept -= (int)Math.Ceiling(excess * perToken);
            if (kept <= 0)
            {
                throw new WinnowException(
                    $"a question of {row.Task} and its answer have more than the {length} tokens that a prompt may have, "
                    + "even without a text; use a longer --length or leave the task out");
            }

            cut = row with { Context = Beginning(row.Context, (kept + 1) / 2) + End(row.Context, kept / 2) };
        }

        return cut;
    }

    private static string Beginning(string text, int count) => text[..(char.IsHighSurrogate(text[count - 1]) ? count - 1 : count)];

    private static string End(string text, int count) => count == 0 ? "" : text[^(char.IsLowSurrogate(text[^count]) ? count - 1 : count)..];

    private int Excess(DataRow row) => QuestionWork.Encode(row.Plain ? _plain : _chat, row).Tokens.Length + row.MaxNewTokens - length;
}
