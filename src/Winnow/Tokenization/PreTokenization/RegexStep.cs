using System.Text.RegularExpressions;

namespace Winnow.Tokenization.PreTokenization;

/// <summary>What becomes of the text that a splitting pattern matches.</summary>
internal enum SplitBehaviour
{
    /// <summary>A word of its own.</summary>
    Isolated,

    /// <summary>Dropped.</summary>
    Removed,

    /// <summary>The end of the word before it.</summary>
    MergedWithPrevious,

    /// <summary>The beginning of the word after it.</summary>
    MergedWithNext,

    /// <summary>A word of its own, together with matches that touch it.</summary>
    Contiguous,
}

/// <summary>Cuts a word at the matches of a pattern.</summary>
internal sealed class RegexStep(Regex pattern, SplitBehaviour behaviour = SplitBehaviour.Isolated, bool invert = false) : PreTokenizerStep
{
    public override void Split(string word, bool isFirst, List<string> parts)
    {
        List<(int Start, int End, bool IsMatch)> ranges = Ranges(word);
        // A match that has to join its neighbour is held back until the neighbour is known.
        int held = -1;
        for (int i = 0; i < ranges.Count; i++)
        {
            (int start, int end, bool isMatch) = ranges[i];
            if (held >= 0)
                (start, held) = (held, -1);
            if (isMatch && behaviour is SplitBehaviour.Removed)
                continue;
            bool joinsNext = i + 1 < ranges.Count && behaviour switch
            {
                SplitBehaviour.MergedWithPrevious => !isMatch && ranges[i + 1].IsMatch,
                SplitBehaviour.MergedWithNext => isMatch && !ranges[i + 1].IsMatch,
                SplitBehaviour.Contiguous => isMatch == ranges[i + 1].IsMatch,
                _ => false,
            };
            if (joinsNext)
                held = start;
            else
                parts.Add(word[start..end]);
        }
    }

    private List<(int Start, int End, bool IsMatch)> Ranges(string word)
    {
        var ranges = new List<(int Start, int End, bool IsMatch)>();
        CharacterProxy proxy = CharacterProxy.Create(word);
        int last = 0;
        try
        {
            foreach (ValueMatch match in pattern.EnumerateMatches(proxy.Text))
            {
                if (match.Length == 0)
                    continue;
                int start = proxy.Original(match.Index);
                int end = proxy.Original(match.Index + match.Length);
                if (start > last)
                    ranges.Add((last, start, invert));
                ranges.Add((start, end, !invert));
                last = end;
            }
        }
        catch (RegexMatchTimeoutException error)
        {
            throw new WinnowException($"the tokenizer's splitting pattern '{pattern}' took too long on a text of {word.Length} characters", error);
        }
        if (last < word.Length)
            ranges.Add((last, word.Length, invert));
        return ranges;
    }
}
