using System.Text.RegularExpressions;
using Winnow.Tokenization.Normalization;

namespace Winnow.Tokenization.Json;

/// <summary>Reads <c>normalizer</c>.</summary>
internal static class JsonNormalizers
{
    /// <summary>The normalizers in order, as one.</summary>
    /// <exception cref="WinnowException">A kind is not supported.</exception>
    public static TextNormalizer? Read(JsonPart? part)
    {
        if (part is null)
            return null;
        List<TextNormalizer> steps = [.. part.Value.Flattened("normalizers").Select(ReadOne)];
        return steps.Count == 1 ? steps[0] : new NormalizerSequence(steps);
    }

    private static TextNormalizer ReadOne(JsonPart part)
    {
        switch (part.Type)
        {
            case "NFC":
                return new UnicodeNormalizer(compatible: false, compose: true);
            case "NFD":
                return new UnicodeNormalizer(compatible: false, compose: false);
            case "NFKC":
                return new UnicodeNormalizer(compatible: true, compose: true);
            case "NFKD":
                return new UnicodeNormalizer(compatible: true, compose: false);
            case "Lowercase":
                return new FunctionNormalizer(text => text.ToLowerInvariant());
            case "Prepend":
                return new PrefixNormalizer(part.Require("prepend").Text());
            case "Strip":
                (bool left, bool right) = (part.Flag("strip_left", true), part.Flag("strip_right", true));
                return new FunctionNormalizer(text => left ? right ? text.Trim() : text.TrimStart() : right ? text.TrimEnd() : text);
            case "Replace":
                return Replace(part);
            case "Precompiled":
                if (!part.Require("precompiled_charsmap").Element.TryGetBytesFromBase64(out byte[]? map))
                    throw part.Error("has a 'precompiled_charsmap' that is no base64");
                return new SentencePieceNormalizer(new SentencePieceRules(map, false, false, EscapeWhitespaces: false));
            default:
                throw part.Unsupported("normalizer");
        }
    }

    private static FunctionNormalizer Replace(JsonPart part)
    {
        string content = part.Require("content").Text();
        JsonPart pattern = part.Require("pattern");
        if (pattern.Get("String") is { } literal)
        {
            string wanted = literal.Text();
            if (wanted.Length == 0)
                throw pattern.Error("is empty");
            return new FunctionNormalizer(text => text.Replace(wanted, content, StringComparison.Ordinal));
        }
        Regex regex = JsonPatterns.Read(pattern);
        return new FunctionNormalizer(text =>
        {
            try
            {
                return regex.Replace(text, _ => content);
            }
            catch (RegexMatchTimeoutException error)
            {
                throw new WinnowException($"the tokenizer's replacing pattern '{regex}' took too long on a text of {text.Length} characters", error);
            }
        });
    }
}
