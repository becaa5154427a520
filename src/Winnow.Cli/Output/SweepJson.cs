using System.Text.Json.Serialization;
using Winnow.Cli.Rendering;
using Winnow.Evaluation;

namespace Winnow.Cli.Output;

/// <summary>Scores of one policy with one budget.</summary>
internal sealed record EvalJson(IReadOnlyList<EvalTaskJson> Tasks, string Cache, string Keep, long KvBytes)
{
    /// <summary>Cells of the heat map, of needles only.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<NeedleCellJson>? Cells { get; init; }
}

/// <summary>Score of a task, in percent unless it is a divergence, and its 95 % interval when there are several rows.</summary>
internal sealed record EvalTaskJson(string Task, double Score, int Samples)
{
    /// <summary>Lower and upper end.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<double>? Interval { get; init; }
}

/// <summary>A cell of a heat map: length in tokens, depth in percent, needles found in percent.</summary>
internal sealed record NeedleCellJson(int Length, double Depth, double Score);

/// <summary>Turns results of a sweep into their JSON.</summary>
internal static class SweepJson
{
    /// <summary>One result, with its heat map if it has one.</summary>
    public static EvalJson Of(SweepResult result, NeedleGrid? grid) =>
        new([.. result.Tasks.Select(Of)], result.Policy, result.Keep, (long)result.KvBytes) { Cells = grid is null ? null : [.. Cells(grid)] };

    private static EvalTaskJson Of(TaskScore task) => new(task.Task, Rounded(task.Measure, task.Score), task.Samples)
    {
        Interval = task.Interval() is { } interval ? [Rounded(task.Measure, interval.Low), Rounded(task.Measure, interval.High)] : null,
    };

    private static double Rounded(Measure measure, double value) => measure.IsPercent ? Figures.Measured(value) : Math.Round(value, 6);

    private static IEnumerable<NeedleCellJson> Cells(NeedleGrid grid)
    {
        for (int depth = 0; depth < grid.Depths.Count; depth++)
        {
            for (int length = 0; length < grid.Lengths.Count; length++)
                yield return new NeedleCellJson(grid.Lengths[length], grid.Depths[depth] * 100, Figures.Measured(grid.Scores[depth, length]));
        }
    }
}
