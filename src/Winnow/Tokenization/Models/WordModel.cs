namespace Winnow.Tokenization.Models;

/// <summary>Turns one word, as the pre-tokenizer cut it, into token ids. Safe for concurrent use.</summary>
internal abstract class WordModel
{
    /// <summary>Appends the word's ids.</summary>
    public abstract void Encode(string word, List<int> ids);
}
