using Winnow.Tokenization;

namespace Winnow.Tests.Tokenization;

public sealed class TokenizerFactoryTests
{
    [Fact]
    public void Byte_pairs_merge_in_the_order_of_their_ranks()
    {
        Tokenizer tokenizer = TokenizerFactory.Create(TinyVocabularies.BytePair());
        Assert.Equal(["hello", "Ġwor", "l", "d", "Ġ", "aaaa", "a", "12"], TinyVocabularies.Pieces(tokenizer, "hello world aaaaa12"));
        Assert.Equal(["Ã©"], TinyVocabularies.Pieces(tokenizer, "é"));
    }

    [Fact]
    public void Llama_3_takes_whole_words_before_merging()
    {
        Tokenizer tokenizer = TokenizerFactory.Create(TinyVocabularies.BytePair("llama-bpe"));
        Assert.Equal(["<|end|>", "hello", "Ġworld"], TinyVocabularies.Pieces(tokenizer, "hello world", addSpecial: true));
        Assert.True(tokenizer.AddsBos);
        Assert.False(tokenizer.AddsEos);
    }

    [Fact]
    public void Control_tokens_are_text_when_asked_but_user_defined_ones_never()
    {
        Tokenizer tokenizer = TokenizerFactory.Create(TinyVocabularies.BytePair());
        Assert.Equal(["a", "<|end|>", "<tool>"], TinyVocabularies.Pieces(tokenizer, "a<|end|><tool>"));
        IReadOnlyList<int> ids = tokenizer.Encode("<|end|><tool>", parseSpecial: false);
        Assert.DoesNotContain(tokenizer.EosId!.Value, ids);
        Assert.Equal("<tool>", tokenizer.TokenText(ids[^1]));
        Assert.Equal("<|end|><tool>", tokenizer.Decode([.. ids]));
    }

    [Fact]
    public void SentencePiece_merges_the_pair_of_the_best_score_and_falls_back_to_bytes()
    {
        Tokenizer tokenizer = TokenizerFactory.Create(TinyVocabularies.SentencePiece());
        Assert.Equal(["<s>", "▁the", "▁", "cat"], TinyVocabularies.Pieces(tokenizer, "the cat", addSpecial: true));
        Assert.Equal(["▁", "<0xC3>", "<0xA9>", "<0x0A>"], TinyVocabularies.Pieces(tokenizer, "é\n"));
        Assert.Equal(["▁a", "aa", "a"], TinyVocabularies.Pieces(tokenizer, "aaaa"));
        Assert.Equal(["▁", "c", "aaaa", "aa", "a"], TinyVocabularies.Pieces(tokenizer, "caaaaaaa"));
        Assert.Equal("the é\n", tokenizer.Decode([.. tokenizer.Encode("the é\n", addSpecial: true)]));
    }

    [Fact]
    public void Unigram_takes_the_segmentation_of_the_best_sum()
    {
        Tokenizer tokenizer = TokenizerFactory.Create(TinyVocabularies.SentencePiece(TokenizerModel.Unigram));
        // ▁ca·t: -6-8-13 = -27 and so on; ▁·cat costs 6 + 17 = 23, ▁·c·at 6 + 8 + 18 = 32.
        Assert.Equal(["▁", "cat"], TinyVocabularies.Pieces(tokenizer, "cat"));
        Assert.Equal(["▁the", "▁", "<0xF0>", "<0x9F>", "<0x98>", "<0x80>"], TinyVocabularies.Pieces(tokenizer, "the 😀"));
        Assert.False(tokenizer.AddsBos);
    }

    [Theory]
    [InlineData(TokenizerModel.BytePair)]
    [InlineData(TokenizerModel.SentencePiece)]
    [InlineData(TokenizerModel.Unigram)]
    public void A_hundred_thousand_equal_letters_are_encoded_whole(TokenizerModel model)
    {
        Tokenizer tokenizer = TokenizerFactory.Create(model == TokenizerModel.BytePair ? TinyVocabularies.BytePair() : TinyVocabularies.SentencePiece(model));
        string text = new('a', 100_000);
        IReadOnlyList<int> ids = tokenizer.Encode(text);
        Assert.InRange(ids.Count, 25_000, 25_003);
        Assert.Equal(text, tokenizer.Decode([.. ids]));
    }

    [Fact]
    public void Lone_surrogates_become_the_replacement_character()
    {
        Tokenizer tokenizer = TokenizerFactory.Create(TinyVocabularies.BytePair());
        Assert.Equal("a\ufffdb😀", tokenizer.Decode([.. tokenizer.Encode("a\ud83db😀")]));
    }

    [Fact]
    public void Broken_data_gives_one_clear_error()
    {
        TokenizerData bpe = TinyVocabularies.BytePair();
        TokenizerData pieces = TinyVocabularies.SentencePiece();
        Assert.Contains("'klingon' is unknown; known are", Fault(bpe with { Pre = "klingon" }));
        Assert.Contains("no merges", Fault(bpe with { Merges = null }));
        Assert.Contains("merge 0", Fault(bpe with { Merges = ["q z"] }));
        Assert.Contains("not two pieces", Fault(bpe with { Merges = ["qz"] }));
        Assert.Contains("EOS id 9999", Fault(bpe with { EosId = 9999 }));
        Assert.Contains("token types", Fault(bpe with { Kinds = [TokenKind.Normal] }));
        Assert.Contains("scores", Fault(pieces with { Scores = [1f] }));
        Assert.Contains("vocabulary is empty", Fault(bpe with { Tokens = [], Kinds = null, BosId = null, EosId = null }));
        Assert.Contains("NaN", Fault(pieces with { Scores = [.. pieces.Scores!.Select(_ => float.NaN)] }));
    }

    [Fact]
    public void An_id_outside_the_vocabulary_is_refused()
    {
        Tokenizer tokenizer = TokenizerFactory.Create(TinyVocabularies.BytePair());
        Assert.Contains("-1", Assert.Throws<WinnowException>(() => tokenizer.Decode([-1])).Message);
        Assert.Throws<WinnowException>(() => tokenizer.TokenText(tokenizer.VocabularySize));
    }

    private static string Fault(TokenizerData data) => Assert.Throws<WinnowException>(() => TokenizerFactory.Create(data)).Message;
}
