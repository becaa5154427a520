namespace Winnow.Tokenization.Normalization;

/// <summary>Puts a fixed text before every text that is not empty.</summary>
internal sealed class PrefixNormalizer(string prefix) : TextNormalizer
{
    public override string Normalize(string text) => text.Length == 0 ? text : prefix + text;
}
