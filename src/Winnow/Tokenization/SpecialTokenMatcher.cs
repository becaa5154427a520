using System.Buffers;

namespace Winnow.Tokenization;

/// <summary>A token that is looked for in the text before anything else.</summary>
/// <param name="Text">As written.</param>
/// <param name="Id">Token id.</param>
/// <param name="IsControl">Only looked for when the caller asks for special tokens.</param>
/// <param name="StripLeft">Swallows the white space before it.</param>
/// <param name="StripRight">Swallows the white space after it.</param>
/// <param name="WholeWord">Counts only where no letter or digit touches it.</param>
internal sealed record AddedToken(string Text, int Id, bool IsControl, bool StripLeft = false, bool StripRight = false, bool WholeWord = false);

/// <summary>Finds added tokens: the leftmost first, and of those at one place the longest.</summary>
internal sealed class SpecialTokenMatcher
{
    private readonly Dictionary<string, AddedToken>.AlternateLookup<ReadOnlySpan<char>> _tokens;
    private readonly Dictionary<char, int[]> _lengthsByFirst;
    private readonly SearchValues<char> _firsts;

    public SpecialTokenMatcher(IEnumerable<AddedToken> tokens)
    {
        var byText = new Dictionary<string, AddedToken>(StringComparer.Ordinal);
        foreach (AddedToken token in tokens.Where(token => token.Text.Length > 0))
            byText.TryAdd(token.Text, token);
        _tokens = byText.GetAlternateLookup<ReadOnlySpan<char>>();
        _lengthsByFirst = byText.Keys.GroupBy(text => text[0])
            .ToDictionary(group => group.Key, group => group.Select(text => text.Length).Distinct().OrderDescending().ToArray());
        _firsts = SearchValues.Create([.. _lengthsByFirst.Keys]);
    }

    /// <summary>The next added token at or after <paramref name="start"/>, or null.</summary>
    public AddedToken? Next(string text, int start, bool withControl, out int position)
    {
        for (position = start; position < text.Length; position++)
        {
            int offset = text.AsSpan(position).IndexOfAny(_firsts);
            if (offset < 0)
                break;
            position += offset;
            if (At(text, position, withControl) is { } token)
                return token;
        }
        position = text.Length;
        return null;
    }

    private AddedToken? At(string text, int position, bool withControl)
    {
        foreach (int length in _lengthsByFirst[text[position]])
        {
            if (length <= text.Length - position && _tokens.TryGetValue(text.AsSpan(position, length), out AddedToken? token)
                && (withControl || !token.IsControl) && (!token.WholeWord || StandsAlone(text, position, length)))
                return token;
        }
        return null;
    }

    private static bool StandsAlone(string text, int position, int length) =>
        (position == 0 || !IsWord(text[position - 1])) && (position + length == text.Length || !IsWord(text[position + length]));

    private static bool IsWord(char letter) => char.IsLetterOrDigit(letter) || letter == '_';
}
