namespace Winnow.Tokenization.Normalization;

/// <summary>Rewrites a text before it is cut into words.</summary>
internal abstract class TextNormalizer
{
    /// <summary>The rewritten text.</summary>
    public abstract string Normalize(string text);
}
