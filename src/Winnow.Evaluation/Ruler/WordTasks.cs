using System.Globalization;

namespace Winnow.Evaluation;

/// <summary>
/// RULER's <c>cwe</c>: a numbered list in which ten words come thirty times and all others three times. Lists too short for that keep the ratio of ten to one
/// as far as they can: the common words fill half of the list at most.
/// </summary>
internal sealed class CommonWordsTask() : RulerTask("cwe", 120, AnswerMetric.Recall)
{
    private const int Common = 10;
    private const int MostOften = 30;
    private const int Ratio = 10;
    private const int ExampleWords = 40;

    public override int LeastSize => 4 * Common;

    public override DataRow Build(RulerLanguage language, Random random, int size)
    {
        string[] words = [.. language.Words];
        random.Shuffle(words);
        RulerFrame frame = language.AskCommonWords(Common);
        // Example and list share no word, so that nothing of the one answers the other.
        string[] solved = words[^(2 * Common + Common)..];
        string example = $"{frame.Before}\n{List(Counts(solved, ExampleWords), random)}\n{frame.Question}\n"
            + $"{frame.AnswerPrefix} {Numbered(solved[..Common])}\n\n";
        string text = List(Counts(words[..^solved.Length], size), random);
        return Row(frame with { Before = language.Limits.Examples ? example + frame.Before : frame.Before }, text, words[..Common]);
    }

    /// <summary>Each word as often as it comes; the first ten most often.</summary>
    private static IEnumerable<(string Word, int Count)> Counts(string[] words, int total)
    {
        int often = Math.Clamp(total / (2 * Common), 2, MostOften), seldom = Math.Max(1, often / Ratio);
        // When the vocabulary is used up, all words come more often.
        while (total - Common * often > seldom * (words.Length - Common))
        {
            seldom++;
            often = Math.Max(often, seldom * Ratio);
        }

        foreach (string word in words[..Common])
            yield return (word, often);
        for (int i = Common, left = total - Common * often; left > 0 && i < words.Length; i++, left -= seldom)
            yield return (words[i], Math.Min(left, seldom));
    }

    private static string List(IEnumerable<(string Word, int Count)> counts, Random random)
    {
        string[] words = [.. counts.SelectMany(count => Enumerable.Repeat(count.Word, count.Count))];
        random.Shuffle(words);
        return Numbered(words);
    }

    private static string Numbered(IEnumerable<string> words) =>
        string.Join(' ', words.Select((word, i) => string.Create(CultureInfo.InvariantCulture, $"{i + 1}. {word}")));
}

/// <summary>
/// RULER's <c>fwe</c>: made-up words whose frequencies fall as one over the square of their rank (a zeta distribution with α = 2); the first is left out.
/// </summary>
internal sealed class FrequentWordsTask() : RulerTask("fwe", 50, AnswerMetric.Recall)
{
    private const int Asked = 3;

    // ζ(2) = π² / 6.
    private const double Zeta = Math.PI * Math.PI / 6;

    // From here on the ranks that are asked for differ in count from their neighbours.
    public override int LeastSize => 80;

    public override DataRow Build(RulerLanguage language, Random random, int size)
    {
        List<int> counts = [];
        for (int rank = 1; size / (Zeta * rank * rank) >= 1; rank++)
            counts.Add((int)(size / (Zeta * rank * rank)));
        string[] vocabulary = [language.CodedNoise, .. Distinct(counts.Count - 1, () => language.CodedWord(random))];
        string[] words = [.. counts.SelectMany((count, rank) => Enumerable.Repeat(vocabulary[rank], count))];
        random.Shuffle(words);
        return Row(language.AskFrequentWords(Asked), string.Join(' ', words), vocabulary[1..(1 + Asked)]);
    }
}
