using FsCheck;
using FsCheck.Fluent;
using Winnow.Tokenization;

namespace Winnow.Tests.Tokenization;

public sealed class StreamingDecoderTests
{
    [Theory]
    [InlineData(TokenizerModel.BytePair)]
    [InlineData(TokenizerModel.SentencePiece)]
    public void Pieces_joined_are_the_decoded_text_and_hold_no_half_characters(TokenizerModel model)
    {
        Tokenizer tokenizer = TokenizerFactory.Create(model == TokenizerModel.BytePair ? TinyVocabularies.BytePair() : TinyVocabularies.SentencePiece());
        Gen<int[]> ids = Gen.ArrayOf(Gen.Choose(0, tokenizer.VocabularySize - 1));
        Check.One(Config.QuickThrowOnFailure.WithMaxTest(2000), Prop.ForAll(ids.ToArbitrary(), sequence =>
        {
            foreach (bool skip in (bool[])[true, false])
            {
                var decoder = new StreamingDecoder(tokenizer, skip);
                List<string> pieces = [.. sequence.Select(decoder.Append), decoder.Flush()];
                Assert.All(pieces, piece => Assert.Equal(piece, new string([.. piece.EnumerateRunes().SelectMany(rune => rune.ToString())])));
                Assert.Equal(tokenizer.Decode(sequence, skip), string.Concat(pieces));
            }
        }));
    }

    [Fact]
    public void A_character_appears_with_the_token_that_completes_it()
    {
        Tokenizer tokenizer = TokenizerFactory.Create(TinyVocabularies.SentencePiece());
        var decoder = new StreamingDecoder(tokenizer);
        string[] pieces = [.. tokenizer.Encode("a 😀!").Select(decoder.Append)];
        Assert.Equal(["a", " ", "", "", "", "😀", "!"], pieces);
        Assert.Equal("", decoder.Flush());
    }

    [Fact]
    public void What_is_cut_off_in_the_middle_of_a_character_ends_in_a_replacement()
    {
        Tokenizer tokenizer = TokenizerFactory.Create(TinyVocabularies.SentencePiece());
        var decoder = new StreamingDecoder(tokenizer);
        foreach (int id in tokenizer.Encode("😀").SkipLast(1))
            Assert.Equal("", decoder.Append(id));
        Assert.Equal("\ufffd", decoder.Flush());
        Assert.Equal("a", decoder.Append(tokenizer.Encode("a")[0]));
    }

    [Fact]
    public void Texts_of_a_real_model_stream_as_they_were()
    {
        Tokenizer tokenizer = GgufTokenizerTests.SmolLm2;
        const string text = "naïve café 東京 😀👩‍👩‍👧 – ‘quoted’";
        var decoder = new StreamingDecoder(tokenizer);
        List<string> pieces = [.. tokenizer.Encode(text).Select(decoder.Append)];
        Assert.DoesNotContain(pieces, piece => piece.Contains('\ufffd'));
        Assert.Equal(text, string.Concat(pieces));
    }
}
