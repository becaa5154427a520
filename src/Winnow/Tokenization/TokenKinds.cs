using System.Text;

namespace Winnow.Tokenization;

/// <summary>What a token is, as far as policies tell tokens apart.</summary>
[Flags]
public enum TokenKinds : byte
{
    /// <summary>Text like any other.</summary>
    None = 0,

    /// <summary>A signal such as the start of a text or of a turn.</summary>
    Special = 1,

    /// <summary>Punctuation and symbols only, with or without spaces around.</summary>
    Punctuation = 2,
}

/// <summary>The kind of every token of a vocabulary.</summary>
public static class TokenKindTable
{
    /// <summary>Classifies all tokens: control tokens are special; a token whose text without spaces holds only punctuation or symbols is punctuation.</summary>
    /// <returns>[vocabulary].</returns>
    public static TokenKinds[] Of(Tokenizer tokenizer)
    {
        TokenKinds[] kinds = new TokenKinds[tokenizer.VocabularySize];
        for (int id = 0; id < kinds.Length; id++)
            kinds[id] = tokenizer.IsControl(id) ? TokenKinds.Special : IsPunctuation(tokenizer.TokenBytes(id)) ? TokenKinds.Punctuation : TokenKinds.None;
        return kinds;
    }

    private static bool IsPunctuation(ReadOnlySpan<byte> bytes)
    {
        bool any = false;
        while (!bytes.IsEmpty)
        {
            // Pieces of a character that need their neighbours are no punctuation by themselves.
            if (Rune.DecodeFromUtf8(bytes, out Rune rune, out int length) != System.Buffers.OperationStatus.Done)
                return false;
            bytes = bytes[length..];
            if (Rune.IsWhiteSpace(rune))
                continue;
            if (!Rune.IsPunctuation(rune) && !Rune.IsSymbol(rune))
                return false;
            any = true;
        }

        return any;
    }
}
