namespace Winnow.Evaluation;

/// <summary>How an output is scored against the answers of its row.</summary>
public sealed class AnswerMetric
{
    private readonly Func<string, IReadOnlyList<string>, double> _score;

    /// <summary>Makes a metric.</summary>
    /// <param name="name">What it is called.</param>
    /// <param name="onlyGrows">Whether more output never lowers the score.</param>
    /// <param name="score">Output and answers to a score of 0 to 1.</param>
    public AnswerMetric(string name, bool onlyGrows, Func<string, IReadOnlyList<string>, double> score) =>
        (Name, OnlyGrows, _score) = (name, onlyGrows, score);

    /// <summary>Every answer must occur in the output, in any case of letters.</summary>
    public static AnswerMetric AllAnswers { get; } = new("all", true, (output, answers) => answers.All(answer => Occurs(answer, output)) ? 1 : 0);

    /// <summary>The share of the answers that occur in the output, in any case of letters: RULER's recall (Hsieh et al. 2024, arXiv 2404.06654).</summary>
    public static AnswerMetric Recall { get; } =
        new("recall", true, (output, answers) => (double)answers.Count(answer => Occurs(answer, output)) / answers.Count);

    /// <summary>One of the answers must occur in the output, in any case of letters: RULER's rule for questions with several spellings of one answer.</summary>
    public static AnswerMetric AnyAnswer { get; } = new("any", true, (output, answers) => answers.Any(answer => Occurs(answer, output)) ? 1 : 0);

    /// <summary>What it is called.</summary>
    public string Name { get; }

    /// <summary>Whether more output never lowers the score, so that an output that has the full score need not be ended.</summary>
    public bool OnlyGrows { get; }

    /// <summary>The score of an output, 0 to 1.</summary>
    public double Score(string output, IReadOnlyList<string> answers) => _score(output, answers);

    private static bool Occurs(string answer, string output) => output.Contains(answer, StringComparison.OrdinalIgnoreCase);
}
