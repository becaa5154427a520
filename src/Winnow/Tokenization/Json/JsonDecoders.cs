namespace Winnow.Tokenization.Json;

/// <summary>Reads <c>decoder</c>, as far as it says how pieces spell text.</summary>
internal static class JsonDecoders
{
    /// <summary>How pieces spell bytes, and whether decoding takes away the first space.</summary>
    /// <exception cref="WinnowException">A kind is not supported.</exception>
    public static PieceAlphabet Alphabet(JsonPart? decoder, bool byteLevel, out bool stripsLeadingSpace)
    {
        stripsLeadingSpace = false;
        PieceAlphabet alphabet = byteLevel ? PieceAlphabet.ByteLevel : PieceAlphabet.Plain;
        foreach (JsonPart part in decoder?.Flattened("decoders") ?? [])
        {
            switch (part.Type)
            {
                case "ByteLevel":
                    alphabet = PieceAlphabet.ByteLevel;
                    break;
                case "Metaspace":
                    alphabet = PieceAlphabet.Metaspace;
                    stripsLeadingSpace = part.Get("prepend_scheme")?.Text() is { } scheme ? scheme != "never" : part.Flag("add_prefix_space", true);
                    break;
                case "Replace" when part.Require("pattern").Get("String")?.Text() == "▁" && part.Require("content").Text() == " ":
                    alphabet = PieceAlphabet.Metaspace;
                    break;
                case "Strip":
                    stripsLeadingSpace = part.Require("content").Text() == " " && part.Require("start").Whole() > 0;
                    break;
                case "ByteFallback" or "Fuse":
                    break;
                default:
                    throw part.Unsupported("decoder");
            }
        }
        return alphabet;
    }
}
