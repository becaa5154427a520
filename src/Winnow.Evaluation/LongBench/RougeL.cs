namespace Winnow.Evaluation;

/// <summary>
/// ROUGE-L of whole summaries (Lin 2004) in the form that LongBench uses: the words in any longest common subsequence of two sentences are gathered, and
/// words are counted once however often they come.
/// </summary>
internal static class RougeL
{
    /// <summary>F1 of the words in common, 0 to 1.</summary>
    /// <param name="output">Sentences of words.</param>
    /// <param name="answer">Sentences of words.</param>
    public static double Score(string[][] output, string[][] answer)
    {
        HashSet<string> common = [];
        foreach (string[] wanted in answer)
        {
            foreach (string[] sentence in output)
                common.UnionWith(CommonSubsequence(wanted, sentence));
        }

        int outputWords = output.SelectMany(sentence => sentence).Distinct().Count(), answerWords = answer.SelectMany(sentence => sentence).Distinct().Count();
        return common.Count == 0 ? 0 : 2.0 * common.Count / (outputWords + answerWords);
    }

    private static IEnumerable<string> CommonSubsequence(string[] one, string[] other)
    {
        int[,] lengths = new int[one.Length + 1, other.Length + 1];
        for (int i = 1; i <= one.Length; i++)
        {
            for (int j = 1; j <= other.Length; j++)
                lengths[i, j] = one[i - 1] == other[j - 1] ? lengths[i - 1, j - 1] + 1 : Math.Max(lengths[i - 1, j], lengths[i, j - 1]);
        }

        for (int i = one.Length, j = other.Length; i > 0 && j > 0;)
        {
            if (one[i - 1] == other[j - 1])
            {
                yield return one[i - 1];
                (i, j) = (i - 1, j - 1);
            }
            else if (lengths[i - 1, j] > lengths[i, j - 1])
            {
                i--;
            }
            else
            {
                j--;
            }
        }
    }
}
