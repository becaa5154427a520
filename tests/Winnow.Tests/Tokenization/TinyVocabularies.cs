using Winnow.Tokenization;

namespace Winnow.Tests.Tokenization;

/// <summary>Vocabularies small enough to follow by hand.</summary>
internal static class TinyVocabularies
{
    private static readonly string[] s_merges = ["h e", "l l", "he ll", "hell o", "Ġ w", "o r", "Ġw or", "a a", "aa aa", "Ã ©", "1 2"];

    /// <summary>All 256 bytes, the merged pieces, a control token and a user-defined one.</summary>
    public static TokenizerData BytePair(string pre = "gpt-2")
    {
        List<string> tokens = [.. Enumerable.Range(0, 256).Select(ByteLetter)];
        tokens.AddRange(s_merges.Select(merge => merge.Replace(" ", "", StringComparison.Ordinal)));
        tokens.AddRange(["<|end|>", "<tool>", "Ġworld"]);
        TokenKind[] kinds = [.. tokens.Select(token =>
            token switch { "<|end|>" => TokenKind.Control, "<tool>" => TokenKind.UserDefined, _ => TokenKind.Normal })];
        return new TokenizerData
        {
            Model = TokenizerModel.BytePair,
            Pre = pre,
            Tokens = tokens,
            Kinds = kinds,
            Merges = s_merges,
            BosId = tokens.IndexOf("<|end|>"),
            EosId = tokens.IndexOf("<|end|>"),
        };
    }

    /// <summary>SentencePiece's usual layout: unknown, BOS, EOS, 256 bytes, then pieces by falling score.</summary>
    public static TokenizerData SentencePiece(TokenizerModel model = TokenizerModel.SentencePiece)
    {
        List<string> tokens = ["<unk>", "<s>", "</s>", .. Enumerable.Range(0, 256).Select(value => $"<0x{value:X2}>")];
        string[] pieces = ["▁t", "he", "▁the", "in", "▁a", "▁", "a", "c", "e", "h", "i", "n", "t", "aa", "aaaa", "ca", "cat", "at"];
        tokens.AddRange(pieces);
        return new TokenizerData
        {
            Model = model,
            Tokens = tokens,
            Scores = [.. tokens.Select((_, id) => id < 259 ? 0f : -(id - 258f))],
            Kinds = [.. tokens.Select((_, id) =>
                id switch { 0 => TokenKind.Unknown, 1 or 2 => TokenKind.Control, < 259 => TokenKind.Byte, _ => TokenKind.Normal })],
            UnknownId = 0,
            BosId = 1,
            EosId = 2,
        };
    }

    public static string[] Pieces(Tokenizer tokenizer, string text, bool addSpecial = false) =>
        [.. tokenizer.Encode(text, addSpecial).Select(tokenizer.TokenText)];

    private static string ByteLetter(int value) =>
        value is (>= '!' and <= '~') or (>= 0xA1 and <= 0xAC) or >= 0xAE ? ((char)value).ToString() : ((char)(256 + Shifted(value))).ToString();

    private static int Shifted(int value) => value switch { <= 32 => value, <= 160 => value - 94, _ => 67 };
}
