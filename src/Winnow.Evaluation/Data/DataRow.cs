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

    /// <summary>Answers, all of which must occur.</summary>
    public required IReadOnlyList<string> Answers { get; init; }

    /// <summary>Most tokens of the output.</summary>
    public required int MaxNewTokens { get; init; }

    /// <summary>Whether an output is right: it contains every answer, in any case of letters.</summary>
    public bool IsRight(string output) => Answers.All(answer => output.Contains(answer, StringComparison.OrdinalIgnoreCase));
}
