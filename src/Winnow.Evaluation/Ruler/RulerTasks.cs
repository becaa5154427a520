namespace Winnow.Evaluation;

/// <summary>RULER's thirteen tasks (Hsieh et al. 2024, arXiv 2404.06654) with the settings of its paper.</summary>
public static class RulerTasks
{
    private static readonly RulerTask[] _all =
    [
        new NeedleTask("niah_single_1", Haystack.Noise, RulerValue.Number),
        new NeedleTask("niah_single_2", Haystack.Prose, RulerValue.Number),
        new NeedleTask("niah_single_3", Haystack.Prose, RulerValue.Uuid),
        new NeedleTask("niah_multikey_1", Haystack.Prose, RulerValue.Number, keys: 4),
        new NeedleTask("niah_multikey_2", Haystack.Needles, RulerValue.Number),
        new NeedleTask("niah_multikey_3", Haystack.Needles, RulerValue.Uuid, strangeKeys: true),
        new NeedleTask("niah_multivalue", Haystack.Prose, RulerValue.Number, severalValues: true),
        new NeedleTask("niah_multiquery", Haystack.Prose, RulerValue.Number, keys: 4, queries: 4),
        new VariableTask(),
        new CommonWordsTask(),
        new FrequentWordsTask(),
        new DocumentTask("qa_1", hops: 1),
        new DocumentTask("qa_2", hops: 2),
    ];

    /// <summary>Their names.</summary>
    public static IReadOnlyList<string> Names { get; } = [.. _all.Select(task => task.Name)];

    /// <summary>How RULER scores a task; null for a name that is none of its tasks.</summary>
    public static AnswerMetric? MetricOf(string task) => Array.Find(_all, known => known.Name == task)?.Metric;

    internal static RulerTask Get(string name) => Array.Find(_all, task => task.Name == name)
        ?? throw new WinnowException($"there is no RULER task '{name}'; there are: {string.Join(", ", Names)}");
}
