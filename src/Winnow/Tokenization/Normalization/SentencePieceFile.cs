using Google.Protobuf;
using Microsoft.ML.Tokenizers;

namespace Winnow.Tokenization.Normalization;

/// <summary>What SentencePiece does to a text before it is segmented.</summary>
/// <param name="CharsMap">Compiled character map, empty for none.</param>
/// <param name="AddSpacePrefix">A space before the text.</param>
/// <param name="RemoveExtraWhitespaces">Runs of spaces become one, those at the ends go.</param>
/// <param name="EscapeWhitespaces">Spaces become ▁.</param>
internal sealed record SentencePieceRules(
    ReadOnlyMemory<byte> CharsMap, bool AddSpacePrefix, bool RemoveExtraWhitespaces, bool EscapeWhitespaces);

/// <summary>
/// Writes a SentencePiece model in memory, which is the one form Microsoft.ML.Tokenizers takes normalization rules in. Field numbers are those of
/// SentencePiece's <c>sentencepiece_model.proto</c>.
/// </summary>
internal static class SentencePieceFile
{
    private const int BytePairType = 2;

    private static readonly (string Piece, TokenKind Kind)[] s_pieces =
        [("<unk>", TokenKind.Unknown), ("<s>", TokenKind.Control), ("</s>", TokenKind.Control), ("▁", TokenKind.Normal)];

    /// <summary>Opens a model of the fewest pieces that has the rules.</summary>
    /// <exception cref="WinnowException">The library rejects the model.</exception>
    public static SentencePieceTokenizer Open(SentencePieceRules rules)
    {
        using var stream = new MemoryStream();
        using (var output = new CodedOutputStream(stream, leaveOpen: true))
        {
            foreach ((string piece, TokenKind kind) in s_pieces)
                WriteMessage(output, 1, message => WritePiece(message, piece, kind));
            WriteMessage(output, 2, WriteTrainer);
            WriteMessage(output, 3, message => WriteNormalizer(message, rules));
        }
        stream.Position = 0;
        try
        {
            return SentencePieceTokenizer.Create(stream, addBeginningOfSentence: false, addEndOfSentence: false, specialTokens: null);
        }
        catch (Exception error) when (error is ArgumentException or InvalidOperationException or IndexOutOfRangeException or InvalidProtocolBufferException)
        {
            throw new WinnowException($"the tokenizer's SentencePiece rules cannot be used: {error.Message}", error);
        }
    }

    private static void WritePiece(CodedOutputStream output, string piece, TokenKind kind)
    {
        output.WriteTag(1, WireFormat.WireType.LengthDelimited);
        output.WriteString(piece);
        output.WriteTag(3, WireFormat.WireType.Varint);
        output.WriteEnum((int)kind);
    }

    private static void WriteTrainer(CodedOutputStream output)
    {
        output.WriteTag(3, WireFormat.WireType.Varint);
        output.WriteEnum(BytePairType);
    }

    private static void WriteNormalizer(CodedOutputStream output, SentencePieceRules rules)
    {
        if (!rules.CharsMap.IsEmpty)
        {
            output.WriteTag(2, WireFormat.WireType.LengthDelimited);
            output.WriteBytes(ByteString.CopyFrom(rules.CharsMap.Span));
        }
        WriteFlag(output, 3, rules.AddSpacePrefix);
        WriteFlag(output, 4, rules.RemoveExtraWhitespaces);
        WriteFlag(output, 5, rules.EscapeWhitespaces);
    }

    private static void WriteFlag(CodedOutputStream output, int field, bool value)
    {
        output.WriteTag(field, WireFormat.WireType.Varint);
        output.WriteBool(value);
    }

    private static void WriteMessage(CodedOutputStream output, int field, Action<CodedOutputStream> write)
    {
        using var stream = new MemoryStream();
        using (var message = new CodedOutputStream(stream, leaveOpen: true))
            write(message);
        output.WriteTag(field, WireFormat.WireType.LengthDelimited);
        output.WriteBytes(ByteString.CopyFrom(stream.GetBuffer().AsSpan(0, (int)stream.Length)));
    }
}
