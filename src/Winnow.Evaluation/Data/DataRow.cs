namespace Winnow.Evaluation;

/// <summary>A question over a text with the answers that must occur in the output.</summary>
public sealed record DataRow
{
    /// <summary>Task that the row belongs to.</summary>
    public required string Task { get; init; }

    /// <summary>The text.</summary>
    public required string Context { get; init; }

    /// <summary>The question.</summary>
    public required string Question { get; init; }

    /// <summary>Beginning of the answer, which the model continues; may be empty.</summary>
    public string AnswerPrefix { get; init; } = "";

    /// <summary>Answers, at least one.</summary>
    public required IReadOnlyList<string> Answers { get; init; }

    /// <summary>Most tokens of the output.</summary>
    public required int MaxNewTokens { get; init; }

    /// <summary>How an output is scored.</summary>
    public AnswerMetric Metric { get; init; } = AnswerMetric.AllAnswers;

    /// <summary>Whether context and question are sent as they are, without the model's chat template: text that the model goes on with, such as code.</summary>
    public bool Plain { get; init; }

    /// <summary>Score of an output, 0 to 1.</summary>
    public double Score(string output) => Metric.Score(output, Answers);
}
