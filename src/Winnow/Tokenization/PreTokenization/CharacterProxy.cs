using System.Globalization;
using System.Text;

namespace Winnow.Tokenization.PreTokenization;

/// <summary>
/// A text in which every character is one UTF-16 unit, for .NET's patterns know no characters beyond U+FFFF: they would take half of 𠀋 for
/// punctuation. Such a character is replaced by one of the same category, and positions are mapped back.
/// </summary>
internal readonly struct CharacterProxy
{
    private readonly int[]? _positions;

    private CharacterProxy(string text, int[]? positions)
    {
        Text = text;
        _positions = positions;
    }

    /// <summary>The text to match on.</summary>
    public string Text { get; }

    /// <summary>Makes the proxy; a text without surrogates is its own.</summary>
    public static CharacterProxy Create(string text)
    {
        if (!text.AsSpan().ContainsAnyInRange('\ud800', '\udfff'))
            return new CharacterProxy(text, null);
        var proxy = new StringBuilder(text.Length);
        var positions = new List<int>(text.Length + 1);
        int position = 0;
        foreach (Rune rune in text.EnumerateRunes())
        {
            positions.Add(position);
            proxy.Append(rune.IsBmp ? (char)rune.Value : Substitute(Rune.GetUnicodeCategory(rune)));
            position += rune.Utf16SequenceLength;
        }
        positions.Add(position);
        return new CharacterProxy(proxy.ToString(), [.. positions]);
    }

    /// <summary>The position in the original text.</summary>
    public int Original(int index) => _positions is null ? index : _positions[index];

    private static char Substitute(UnicodeCategory category) => category switch
    {
        UnicodeCategory.UppercaseLetter => '\u0100',
        UnicodeCategory.LowercaseLetter => '\u0101',
        UnicodeCategory.TitlecaseLetter => '\u01c5',
        UnicodeCategory.ModifierLetter => '\u02b0',
        UnicodeCategory.OtherLetter => '\u01bb',
        UnicodeCategory.NonSpacingMark => '\u0300',
        UnicodeCategory.SpacingCombiningMark => '\u0903',
        UnicodeCategory.EnclosingMark => '\u0488',
        UnicodeCategory.DecimalDigitNumber => '\u0660',
        UnicodeCategory.LetterNumber => '\u2160',
        UnicodeCategory.OtherNumber => '\u00b2',
        UnicodeCategory.ConnectorPunctuation or UnicodeCategory.DashPunctuation or UnicodeCategory.OpenPunctuation
            or UnicodeCategory.ClosePunctuation or UnicodeCategory.InitialQuotePunctuation or UnicodeCategory.FinalQuotePunctuation
            or UnicodeCategory.OtherPunctuation => '\u00a1',
        UnicodeCategory.MathSymbol or UnicodeCategory.CurrencySymbol or UnicodeCategory.ModifierSymbol or UnicodeCategory.OtherSymbol => '\u00a9',
        _ => '\ue000',
    };
}
