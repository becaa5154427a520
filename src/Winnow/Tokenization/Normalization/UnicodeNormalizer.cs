using System.Text;

namespace Winnow.Tokenization.Normalization;

/// <summary>
/// Unicode's normalization forms (Unicode Standard Annex 15). The framework's own leave text as it is where globalization is invariant, which is
/// how this engine runs, so that it needs no ICU; hence a table of ours.
/// </summary>
internal sealed class UnicodeNormalizer(bool compatible, bool compose) : TextNormalizer
{
    private const int HangulBase = 0xAC00;
    private const int HangulCount = 11172;
    private const int LeadBase = 0x1100;
    private const int LeadCount = 19;
    private const int VowelBase = 0x1161;
    private const int VowelCount = 21;
    private const int TailBase = 0x11A7;
    private const int TailCount = 28;

    public override string Normalize(string text)
    {
        if (System.Text.Ascii.IsValid(text))
            return text;
        var characters = new List<int>(text.Length);
        foreach (Rune rune in text.EnumerateRunes())
            Decompose(rune.Value, characters);
        Reorder(characters);
        if (compose)
            Compose(characters);
        var result = new StringBuilder(text.Length);
        foreach (int character in characters)
            result.Append(new Rune(character));
        return result.ToString();
    }

    private void Decompose(int character, List<int> result)
    {
        int syllable = character - HangulBase;
        if (syllable is >= 0 and < HangulCount)
        {
            result.Add(LeadBase + (syllable / (VowelCount * TailCount)));
            result.Add(VowelBase + (syllable / TailCount % VowelCount));
            if (syllable % TailCount != 0)
                result.Add(TailBase + (syllable % TailCount));
        }
        else if (UnicodeTable.Instance.Decomposition(character, compatible) is { } parts)
        {
            foreach (int part in parts)
                Decompose(part, result);
        }
        else
        {
            result.Add(character);
        }
    }

    /// <summary>Runs of combining marks are put in the order of their classes; equal ones keep theirs.</summary>
    private static void Reorder(List<int> characters)
    {
        UnicodeTable table = UnicodeTable.Instance;
        for (int start = 0; start < characters.Count; start++)
        {
            int end = start;
            while (end < characters.Count && table.Class(characters[end]) != 0)
                end++;
            if (end - start > 1)
            {
                int[] sorted = [.. characters[start..end].OrderBy(table.Class)];
                for (int i = 0; i < sorted.Length; i++)
                    characters[start + i] = sorted[i];
            }
            start = Math.Max(start, end - 1);
        }
    }

    private static void Compose(List<int> characters)
    {
        UnicodeTable table = UnicodeTable.Instance;
        int starter = -1;
        int lastClass = 0;
        int written = 0;
        foreach (int character in characters.ToArray())
        {
            int combining = table.Class(character);
            // A mark joins its starter unless one of the same or a higher class stands between them.
            bool blocked = starter < 0 || (written - 1 > starter && (lastClass == 0 || lastClass >= combining));
            if (!blocked && Pair(table, characters[starter], character) is int joined)
            {
                characters[starter] = joined;
                continue;
            }
            if (combining == 0)
                starter = written;
            lastClass = combining;
            characters[written++] = character;
        }
        characters.RemoveRange(written, characters.Count - written);
    }

    private static int? Pair(UnicodeTable table, int first, int second)
    {
        int lead = first - LeadBase;
        int vowel = second - VowelBase;
        if (lead is >= 0 and < LeadCount && vowel is >= 0 and < VowelCount)
            return HangulBase + (((lead * VowelCount) + vowel) * TailCount);
        int syllable = first - HangulBase;
        int tail = second - TailBase;
        if (syllable is >= 0 and < HangulCount && syllable % TailCount == 0 && tail is > 0 and < TailCount)
            return first + tail;
        return table.Composition(first, second);
    }
}
