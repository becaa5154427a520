namespace Winnow.Tokenization.PreTokenization;

/// <summary>Cuts a text into words, step by step: each step cuts the words of the one before.</summary>
internal sealed class PreTokenizer(IReadOnlyList<PreTokenizerStep> steps)
{
    /// <summary>The words in order.</summary>
    /// <param name="text">A text without added tokens in it.</param>
    /// <param name="isFirst">Whether nothing comes before the text.</param>
    public List<string> Split(string text, bool isFirst)
    {
        List<string> words = [text];
        foreach (PreTokenizerStep step in steps)
        {
            var cut = new List<string>(words.Count * 2);
            for (int i = 0; i < words.Count; i++)
                step.Split(words[i], isFirst && i == 0, cut);
            words = cut;
        }
        return words;
    }
}

/// <summary>One way to cut words.</summary>
internal abstract class PreTokenizerStep
{
    /// <summary>Appends the parts of a word, never an empty one.</summary>
    public abstract void Split(string word, bool isFirst, List<string> parts);
}
