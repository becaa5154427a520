namespace Winnow.Evaluation;

/// <summary>How an output is scored against the answers of its row.</summary>
public sealed class AnswerMetric
{
    private readonly Func<string, IReadOnlyList<string>, double> _score;
    private readonly Func<string, bool>? _isSettled;

    /// <summary>Makes a metric.</summary>
    /// <param name="name">What it is called.</param>
    /// <param name="score">Output and answers to a score of 0 to 1.</param>
    /// <param name="isSettled">Whether nothing that may follow an output changes its score; null when something always may.</param>
    public AnswerMetric(string name, Func<string, IReadOnlyList<string>, double> score, Func<string, bool>? isSettled = null) =>
        (Name, _score, _isSettled) = (name, score, isSettled);

    /// <summary>Every answer must occur in the output, in any case of letters.</summary>
    public static AnswerMetric AllAnswers { get; } = 
        new("all", (output, answers) => answers.All(answer => Occurs(answer, output)) ? 1 : 0) { OnlyGrows = true };

    /// <summary>The share of the answers that occur in the output, in any case of letters: RULER's recall (Hsieh et al. 2024, arXiv 2404.06654).</summary>
    public static AnswerMetric Recall { get; } =
        new("recall", (output, answers) => (double)answers.Count(answer => Occurs(answer, output)) / answers.Count) { OnlyGrows = true };

    /// <summary>One of the answers must occur in the output, in any case of letters: RULER's rule for questions with several spellings of one answer.</summary>
    public static AnswerMetric AnyAnswer { get; } = new("any", (output, answers) => answers.Any(answer => Occurs(answer, output)) ? 1 : 0) { OnlyGrows = true };

    /// <summary>What it is called.</summary>
    public string Name { get; }

    /// <summary>Whether more output never lowers the score.</summary>
    private bool OnlyGrows { get; init; }

    /// <summary>The score of an output, 0 to 1.</summary>
    public double Score(string output, IReadOnlyList<string> answers) => _score(output, answers);

    /// <summary>Whether the score of an output is what it will be, however the output goes on: then it need not be written to its end.</summary>
    public bool IsSettled(string output, IReadOnlyList<string> answers) => OnlyGrows ? Score(output, answers) >= 1 : _isSettled?.Invoke(output) ?? false;

    private static bool Occurs(string answer, string output) => output.Contains(answer, StringComparison.OrdinalIgnoreCase);
}
