using System.Text;
using System.Text.RegularExpressions;

namespace Winnow.Evaluation;

/// <summary>Cuts texts into the words that LongBench's metrics count.</summary>
internal static partial class LongBenchWords
{
    /// <summary>English words in lower case, without punctuation and without articles.</summary>
    public static string[] English(string text)
    {
        string bare = string.Concat(text.ToLowerInvariant().Where(letter => !(char.IsAscii(letter) && IsSign(letter))));
        return Split(Articles().Replace(bare, " "));
    }

    /// <summary>
    /// Chinese words: each Chinese character is one, as is each run of other letters and digits. LongBench asks a dictionary for words of several characters;
    /// characters need none, and score a partly right word in part.
    /// </summary>
    /// <param name="text">The text.</param>
    /// <param name="signs">Whether punctuation counts as words.</param>
    public static string[] Chinese(string text, bool signs)
    {
        StringBuilder words = new();
        foreach (Rune rune in text.ToLowerInvariant().EnumerateRunes())
        {
            bool alone = rune.Value > 0x2E7F || !Rune.IsLetterOrDigit(rune);
            if (Rune.IsWhiteSpace(rune) || (!signs && (Rune.IsPunctuation(rune) || Rune.IsSymbol(rune))))
                words.Append(' ');
            else if (alone)
                words.Append(' ').Append(rune).Append(' ');
            else
                words.Append(rune);
        }

        return Split(words.ToString());
    }

    /// <summary>Parts between white space.</summary>
    public static string[] Split(string text) => text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);

    private static bool IsSign(char letter) => char.IsPunctuation(letter) || char.IsSymbol(letter);

    [GeneratedRegex(@"\b(a|an|the)\b")]
    private static partial Regex Articles();
}
