using Microsoft.ML.Tokenizers;

namespace Winnow.Tokenization.Normalization;

/// <summary>
/// SentencePiece's normalizer with its compiled character map, on Microsoft.ML.Tokenizers. That class can only be had through a tokenizer, so a
/// model of four pieces is built to carry it.
/// </summary>
internal sealed class SentencePieceNormalizer : TextNormalizer
{
    private readonly Normalizer _normalizer;

    public SentencePieceNormalizer(SentencePieceRules rules)
    {
        _normalizer = SentencePieceFile.Open(rules).Normalizer
            ?? throw new WinnowException("the tokenizer's character map cannot be read; the file is broken");
    }

    public override string Normalize(string text)
    {
        try
        {
            return _normalizer.Normalize(text);
        }
        catch (Exception error) when (error is IndexOutOfRangeException or ArgumentException or InvalidOperationException)
        {
            throw new WinnowException("the tokenizer's compiled character map is broken; fetch the model again", error);
        }
    }
}
