using Winnow.Decoding;
using Winnow.Tokenization;

namespace Winnow.Evaluation;

/// <summary>Which of RULER's rows are made.</summary>
public sealed record RulerOptions
{
    /// <summary>Names of tasks; all thirteen by default.</summary>
    public IReadOnlyList<string> Tasks { get; init; } = RulerTasks.Names;

    /// <summary>Most tokens of a row: prompt with the model's template, and the longest answer, as RULER counts.</summary>
    public int Length { get; init; } = 4096;

    /// <summary>Rows of each task.</summary>
    public int Samples { get; init; } = 10;

    /// <summary>Seed of the draws. Each row has its own, so more samples add rows and change none.</summary>
    public int Seed { get; init; }

    /// <summary>The words.</summary>
    public RulerLanguage Language { get; init; } = RulerLanguage.English;
}

/// <summary>
/// Rows of RULER's tasks (Hsieh et al. 2024, arXiv 2404.06654) at any length, made here: the tasks are RULER's, the words are our own, so scores compare
/// among runs of this program and not with published ones.
/// </summary>
public static class RulerTexts
{
    /// <summary>Makes the rows, task by task.</summary>
    /// <param name="tokenizer">Counts the tokens.</param>
    /// <param name="options">Tasks, length, samples.</param>
    /// <exception cref="WinnowException">A task does not exist, or does not fit the length.</exception>
    public static IReadOnlyList<DataRow> Create(Tokenizer tokenizer, RulerOptions options)
    {
        if (options.Samples is < 1 or > 10_000)
            throw new WinnowException($"{options.Samples} rows of each task cannot be made; use 1 to 10000");
        RulerTask[] tasks = [.. options.Tasks.Select(RulerTasks.Get)];
        PromptRenderer renderer = new(tokenizer, raw: false);
        LengthFitter fitter = new(row => QuestionWork.Encode(renderer, row).Tokens.Length);
        List<DataRow> rows = [];
        foreach (RulerTask task in tasks)
        {
            for (int sample = 0; sample < options.Samples; sample++)
            {
                int seed = Seeds.Of(options.Seed, task.Name, sample);
                rows.Add(fitter.Fit(options.Length, task.LeastSize, size => task.Build(options.Language, new Random(seed), size)));
            }
        }

        return rows;
    }
}

/// <summary>Seeds of single rows.</summary>
internal static class Seeds
{
    /// <summary>The same for the same run, name and number on every machine; for others, another one.</summary>
    public static int Of(int seed, string name, int number)
    {
        // FNV-1a: the runtime's own hash of a text changes from process to process.
        uint hash = 2166136261;
        foreach (char letter in $"{seed} {name} {number}")
            hash = (hash ^ letter) * 16777619;
        return (int)(hash & int.MaxValue);
    }
}
