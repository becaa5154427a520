using Winnow.Tokenization.Normalization;

namespace Winnow.Tests.Tokenization.Normalization;

/// <summary>Strings are written with escapes; an editor might normalize them.</summary>
public sealed class UnicodeNormalizerTests
{
    [Theory]
    [InlineData("e\u0301", "\u00e9", "e\u0301", "\u00e9")]
    [InlineData("\u212b", "\u00c5", "A\u030a", "\u00c5")]
    [InlineData("\ufb01x", "\ufb01x", "\ufb01x", "fix")]
    [InlineData("q\u0307\u0323", "q\u0323\u0307", "q\u0323\u0307", "q\u0323\u0307")]
    [InlineData("\u1100\u1161\u11a8", "\uac01", "\u1100\u1161\u11a8", "\uac01")]
    [InlineData("\ud834\udd5e", "\ud834\udd57\ud834\udd65", "\ud834\udd57\ud834\udd65", "\ud834\udd57\ud834\udd65")]
    [InlineData("\u0958", "\u0915\u093c", "\u0915\u093c", "\u0915\u093c")]
    [InlineData("\uff21\u00bd", "\uff21\u00bd", "\uff21\u00bd", "A1\u20442")]
    [InlineData("a\u0315\u0300\u05ae\u0300b", "\u00e0\u05ae\u0300\u0315b", "a\u05ae\u0300\u0300\u0315b", "\u00e0\u05ae\u0300\u0315b")]
    public void The_forms_are_those_of_the_standard(string text, string nfc, string nfd, string nfkc)
    {
        Assert.Equal(nfc, new UnicodeNormalizer(compatible: false, compose: true).Normalize(text));
        Assert.Equal(nfd, new UnicodeNormalizer(compatible: false, compose: false).Normalize(text));
        Assert.Equal(nfkc, new UnicodeNormalizer(compatible: true, compose: true).Normalize(text));
    }
}
