namespace Winnow.Tokenization.PreTokenization;

/// <summary>Puts a space before words that do not begin with one, as GPT-2's tokenizer can.</summary>
internal sealed class PrefixSpaceStep : PreTokenizerStep
{
    public override void Split(string word, bool isFirst, List<string> parts) => parts.Add(word[0] == ' ' ? word : " " + word);
}

/// <summary>When a word gets a ▁ before it.</summary>
internal enum PrependScheme
{
    Always,
    First,
    Never,
}

/// <summary>Writes spaces as ▁ (or what the file names), may put one before the word, and cuts before each.</summary>
internal sealed class MetaspaceStep(string mark, PrependScheme scheme, bool split) : PreTokenizerStep
{
    public override void Split(string word, bool isFirst, List<string> parts)
    {
        string text = word.Replace(" ", mark, StringComparison.Ordinal);
        bool prepend = scheme is PrependScheme.Always || (scheme is PrependScheme.First && isFirst);
        if (prepend && !text.StartsWith(mark, StringComparison.Ordinal))
            text = mark + text;
        if (!split)
        {
            parts.Add(text);
            return;
        }
        int start = 0;
        for (int next; (next = text.IndexOf(mark, start + 1, StringComparison.Ordinal)) >= 0; start = next)
            parts.Add(text[start..next]);
        parts.Add(text[start..]);
    }
}
