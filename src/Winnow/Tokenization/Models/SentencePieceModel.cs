using Microsoft.ML.Tokenizers;

namespace Winnow.Tokenization.Models;

/// <summary>SentencePiece byte-pair encoding, wholly on Microsoft.ML.Tokenizers' SentencePieceTokenizer, normalization included.</summary>
internal sealed class SentencePieceModel : WordModel
{
    private readonly SentencePieceTokenizer _tokenizer;

    /// <summary>Builds the model.</summary>
    /// <exception cref="WinnowException">Byte tokens are incomplete or out of order, or a score is no number.</exception>
    public SentencePieceModel(TokenizerData data)
    {
        var seen = new HashSet<string>(StringComparer.Ordinal);
        var pieces = new List<(string Piece, float Score, TokenKind Kind)>(data.Tokens.Count);
        for (int id = 0; id < data.Tokens.Count; id++)
        {
            string piece = data.Tokens[id];
            if (!float.IsFinite(data.Scores![id]))
                throw new WinnowException($"the score of token {id} ('{piece}') is {data.Scores[id]}; the file is broken");
            // The library allows each piece once and no empty one: repeats keep their id under a name that no text can spell.
            if (piece.Length == 0 || !seen.Add(piece))
                piece = $"\uffff{id}";
            pieces.Add((piece, data.Scores[id], data.Kinds?[id] ?? TokenKind.Normal));
        }
        var rules = new SentencePieceRules(data.PrecompiledCharsMap, data.AddSpacePrefix is true, data.RemoveExtraWhitespaces, EscapeWhitespaces: true);
        _tokenizer = SentencePieceFile.Open(pieces, rules, HasByteTokens(data.Tokens), data.UnknownId ?? 0);
    }

    public override void Encode(string word, List<int> ids) =>
        ids.AddRange(_tokenizer.EncodeToIds(word, addBeginningOfSentence: false, addEndOfSentence: false));

    private static bool HasByteTokens(IReadOnlyList<string> tokens)
    {
        int first = -1;
        for (int id = 0; id < tokens.Count && first < 0; id++)
        {
            if (tokens[id] == "<0x00>")
                first = id;
        }
        for (int value = 0; value < 256 && first >= 0; value++)
        {
            // The library finds the token of a byte by its distance from <0x00>.
            if (first + value >= tokens.Count || !Vocabulary.TryReadByte(tokens[first + value], out byte found) || found != value)
                throw new WinnowException($"the tokenizer's byte tokens are not in order: <0x{value:X2}> is not at id {first + value}; the file is broken");
        }
        return first >= 0;
    }
}
