using System.Text.RegularExpressions;

namespace Winnow.Evaluation;

/// <summary>LongBench's metrics (Bai et al. 2023, arXiv 2308.14508). A row with several answers has the score of the best of them.</summary>
internal static partial class LongBenchMetrics
{
    /// <summary>F1 over English words.</summary>
    public static AnswerMetric QaF1 { get; } = Best("qa_f1", (output, answer) => F1(LongBenchWords.English(output), LongBenchWords.English(answer)));

    /// <summary>F1 over English words of the output's first line.</summary>
    public static AnswerMetric FirstLineQaF1 { get; } = FirstLine("first_line_qa_f1", QaF1);

    /// <summary>F1 over Chinese characters.</summary>
    public static AnswerMetric QaF1Chinese { get; } =
        Best("qa_f1_zh", (output, answer) => F1(LongBenchWords.Chinese(output, signs: false), LongBenchWords.Chinese(answer, signs: false)));

    /// <summary>ROUGE-L over sentences of English words.</summary>
    public static AnswerMetric Rouge { get; } = Best("rouge_l", (output, answer) =>
        RougeL.Score(Sentences(output, LongBenchWords.Split), Sentences(answer, LongBenchWords.Split)));

    /// <summary>ROUGE-L over sentences of English words of the output's first line.</summary>
    public static AnswerMetric FirstLineRouge { get; } = FirstLine("first_line_rouge_l", Rouge);

    /// <summary>ROUGE-L over sentences of Chinese characters.</summary>
    public static AnswerMetric RougeChinese { get; } =
        Best("rouge_l_zh", (output, answer) => RougeL.Score(Sentences(output, ChineseWords), Sentences(answer, ChineseWords)));

    /// <summary>Share of the numbers in the output that are the answer.</summary>
    public static AnswerMetric Count { get; } = Best("count", (output, answer) => ShareOfNumbers(output, answer.Trim()));

    /// <summary>Share of the numbers in the output that are the paragraph's, which the answer names by a word and a number.</summary>
    public static AnswerMetric Retrieval { get; } = Best("retrieval", (output, answer) => ShareOfNumbers(output, Digits().Match(answer).Value));

    /// <summary>Similarity of the output's first line that is code to the line that comes next.</summary>
    public static AnswerMetric CodeSimilarity { get; } = new(
        "code_similarity", (output, answers) => answers.Max(answer => EditSimilarity(CodeLine(Lines(output)) ?? "", answer)),
        output => CodeLine(Lines(output)[..^1]) is not null);

    /// <summary>
    /// Whether the first line names the right class: one over the number of classes that it names, where a class that is a part of the right one's name does
    /// not count; 0 if the right one is not among them.
    /// </summary>
    /// <param name="classes">All classes of the row.</param>
    public static AnswerMetric Classification(IReadOnlyList<string> classes) => FirstLine("classification", Best("classification", (output, answer) =>
    {
        string[] named = [.. classes.Where(name => output.Contains(name, StringComparison.Ordinal)
            && (name == answer || !answer.Contains(name, StringComparison.Ordinal)))];
        return named.Contains(answer) ? 1.0 / named.Length : 0;
    }));

    /// <summary>Twice the longest common subsequence over both lengths, in whole percent as LongBench's library rounds it; 0 to 1.</summary>
    internal static double EditSimilarity(string one, string other)
    {
        if (one.Length == 0 || other.Length == 0)
            return 0;
        int[] before = new int[other.Length + 1], row = new int[other.Length + 1];
        foreach (char letter in one)
        {
            for (int i = 1; i <= other.Length; i++)
                row[i] = letter == other[i - 1] ? before[i - 1] + 1 : Math.Max(before[i], row[i - 1]);
            (before, row) = (row, before);
        }

        return Math.Round(100.0 * 2 * before[other.Length] / (one.Length + other.Length)) / 100;
    }

    private static AnswerMetric Best(string name, Func<string, string, double> score) =>
        new(name, (output, answers) => answers.Max(answer => score(output, answer)));

    private static AnswerMetric FirstLine(string name, AnswerMetric metric) => new(
        name, (output, answers) => metric.Score(Lines(output)[0], answers), output => Lines(output).Length > 1);

    private static double F1(string[] output, string[] answer)
    {
        Dictionary<string, int> left = answer.CountBy(word => word).ToDictionary();
        int common = 0;
        foreach (string word in output)
        {
            if (left.GetValueOrDefault(word) > 0)
            {
                left[word]--;
                common++;
            }
        }

        return common == 0 ? 0 : 2.0 * common / (output.Length + answer.Length);
    }

    private static string[][] Sentences(string text, Func<string, string[]> words) => [.. text.Split('.').Select(words).Where(sentence => sentence.Length > 0)];

    private static string[] ChineseWords(string text) => LongBenchWords.Chinese(text, signs: true);

    private static double ShareOfNumbers(string output, string wanted)
    {
        MatchCollection numbers = Digits().Matches(output);
        return numbers.Count == 0 ? 0 : (double)numbers.Count(number => number.Value == wanted) / numbers.Count;
    }

    private static string[] Lines(string output) => output.TrimStart('\n').Split('\n');

    /// <summary>The first line that is neither a comment nor a fence.</summary>
    private static string? CodeLine(string[] lines) => Array.Find(
        lines, line => !line.Contains('`', StringComparison.Ordinal) && !line.Contains('#', StringComparison.Ordinal)
            && !line.Contains("//", StringComparison.Ordinal));

    [GeneratedRegex(@"\d+")]
    private static partial Regex Digits();
}
