using Winnow.Formats;
using Winnow.Training.Nano;

namespace Winnow.Training.Tests.Nano;

public sealed class NanoVocabularyTests
{
    private static readonly NanoVocabulary s_vocabulary = NanoVocabulary.Default;

    [Fact]
    public void It_is_small_and_learning_it_again_gives_the_same()
    {
        Assert.InRange(s_vocabulary.Size, 512, NanoVocabulary.MaxTokens);
        NanoVocabulary again = NanoVocabulary.Train(0);
        Assert.Equal(Enumerable.Range(0, s_vocabulary.Size).Select(s_vocabulary.Tokenizer.TokenText), Enumerable.Range(0, again.Size).Select(again.Tokenizer.TokenText));
    }

    [Theory]
    [InlineData("")]
    [InlineData(" ")]
    [InlineData("Ünïcödé — 日本語, 🙂\tand\r\n\n lines  ")]
    [InlineData("12 345 6 7a8 9")]
    [InlineData("\u2581 \u0120 <|end|>")]
    public void Any_text_comes_back(string text) => Assert.Equal(text, RoundTrip(text));

    [Fact]
    public void Random_text_comes_back()
    {
        Random random = new(3);
        for (int i = 0; i < 300; i++)
        {
            string text = string.Concat(Enumerable.Range(0, random.Next(40)).Select(_ => char.ConvertFromUtf32(random.Next(0xE000, 0x11000) % (i % 2 == 0 ? 0x80 : 0xD000))));
            Assert.Equal(text, RoundTrip(text));
        }
    }

    [Fact]
    public void Common_words_are_one_token_and_digits_are_single()
    {
        Assert.Single(s_vocabulary.Tokenizer.Encode(" lantern"));
        Assert.Equal(["Ġis", " 8", "7", "6", "4", "."], s_vocabulary.Tokenizer.Encode(" is 8764.").Select(s_vocabulary.Tokenizer.TokenText));
    }

    [Theory]
    [InlineData(NanoStyle.Plain)]
    [InlineData(NanoStyle.Lines)]
    [InlineData(NanoStyle.Chat)]
    public void Tokens_of_a_document_are_those_of_its_pieces(NanoStyle style)
    {
        NanoDocumentBuilder builder = new(s_vocabulary.Count);
        for (int i = 0; i < 90; i++)
        {
            NanoRandom random = NanoRandom.For(4, i);
            NanoDraft draft = builder.Draft(new NanoRequest(NanoTasks.Mix[i % NanoTasks.Mix.Count].Task, 96 + 5 * i, style), random);
            List<NanoPiece> pieces = NanoDocumentBuilder.Write(draft, style, random);
            Assert.Equal(
                s_vocabulary.Tokenizer.Encode(string.Concat(pieces.Select(piece => piece.Text))), pieces.SelectMany(piece => s_vocabulary.Tokenizer.Encode(piece.Text)));
        }
    }

    [Fact]
    public void A_file_holds_all_of_it()
    {
        using TempFolder folder = new();
        string path = Path.Combine(folder.Path, "vocabulary.gguf");
        GgufWriter writer = new();
        s_vocabulary.AddTo(writer);
        writer.Write(path);
        using GgufFile file = GgufFile.Open(path);
        Assert.Equal(s_vocabulary.Tokenizer.Encode("The secret code of bakori is 12."), NanoVocabulary.Read(file.Metadata).Tokenizer.Encode("The secret code of bakori is 12."));
    }

    [Fact]
    public void Batches_follow_from_seed_and_number()
    {
        NanoRows rows = new(s_vocabulary, 3);
        Assert.Equal(rows.Batch(7, 4, 128).Tokens, new NanoRows(s_vocabulary, 3).Batch(7, 4, 128).Tokens);
        Assert.NotEqual(rows.Batch(7, 4, 128).Tokens, rows.Batch(8, 4, 128).Tokens);
        Assert.NotEqual(rows.Batch(7, 4, 128).Tokens, new NanoRows(s_vocabulary, 4).Batch(7, 4, 128).Tokens);
    }

    private static string RoundTrip(string text) => s_vocabulary.Tokenizer.Decode([.. s_vocabulary.Tokenizer.Encode(text, parseSpecial: false)], skipSpecial: false);
}
