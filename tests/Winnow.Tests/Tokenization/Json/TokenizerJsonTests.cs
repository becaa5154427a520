using FsCheck;
using FsCheck.Fluent;
using Winnow.Tokenization;

namespace Winnow.Tests.Tokenization.Json;

public sealed class TokenizerJsonTests
{
    [Fact]
    public void A_Llama_file_merges_characters_and_falls_back_to_bytes()
    {
        using var folder = new TokenizerFolder(TokenizerFolder.Llama);
        folder.Write(
            "tokenizer_config.json", """{"bos_token":{"content":"<s>"},"eos_token":"</s>","unk_token":"<unk>","chat_template":"{{ messages[0].content }}"}""");
        Tokenizer tokenizer = TokenizerFactory.FromJson(folder.Path);
        Assert.Equal(["<s>", "▁abc", "▁▁", "c", "<0xC3>", "<0xA9>"], TinyVocabularies.Pieces(tokenizer, "abc  cé", addSpecial: true));
        Assert.Equal(["▁a", "[x]", "▁", "b"], TinyVocabularies.Pieces(tokenizer, "a [x]  b"));
        Assert.Equal("abc  cé", tokenizer.Decode([.. tokenizer.Encode("abc  cé", addSpecial: true)]));
        Assert.Equal((1, 2, 0), (tokenizer.BosId, tokenizer.EosId, tokenizer.UnknownId));
        Assert.True(tokenizer.AddsBos);
        Assert.False(tokenizer.AddsEos);
        Assert.Equal([2], tokenizer.EndOfGenerationIds);
        Assert.Equal("{{ messages[0].content }}", tokenizer.ChatTemplate);
    }

    [Fact]
    public void A_byte_level_file_keeps_its_pattern_normalizer_and_rule()
    {
        using var folder = new TokenizerFolder(TokenizerFolder.ByteLevelStyle);
        folder.Write("chat_template.jinja", "{{ bos_token }}");
        folder.Write("special_tokens_map.json", """{"eos_token":"<|end|>"}""");
        Tokenizer tokenizer = TokenizerFactory.FromJson(folder.Path);
        Assert.Equal(["ab", "Ġab", "Ġa", "b", "Ã©", "'", "s", "12", "3", "!!", "!"], TinyVocabularies.Pieces(tokenizer, "ab ab abe\u0301's123!!!"));
        Assert.Equal(["<|end|>", "a", "<|end|>"], TinyVocabularies.Pieces(tokenizer, "a", addSpecial: true));
        Assert.Equal(20, tokenizer.EosId);
        Assert.Equal("{{ bos_token }}", tokenizer.ChatTemplate);
    }

    [Fact]
    public void A_unigram_file_cuts_words_and_ends_with_eos()
    {
        using var folder = new TokenizerFolder(TokenizerFolder.UnigramStyle);
        Tokenizer tokenizer = TokenizerFactory.FromJson(folder.Path);
        Assert.Equal(["▁the", "▁", "cat", "s", "▁", "<unk>", "</s>"], TinyVocabularies.Pieces(tokenizer, "The cats xyz", addSpecial: true));
        Assert.Equal("the cats", tokenizer.Decode([.. tokenizer.Encode("THE Cats", addSpecial: true)]));
        Assert.True(tokenizer.AddsEos);
    }

    [Theory]
    [InlineData("\"type\":\"Unigram\"", "\"type\":\"WordPiece\"", "WordPiece")]
    [InlineData("\"type\":\"Lowercase\"", "\"type\":\"BertNormalizer\"", "normalizer 'BertNormalizer'")]
    [InlineData("\"type\":\"Metaspace\",\"replacement\":\"▁\",\"prepend_scheme\":\"always\",\"split\":true", "\"type\":\"UnicodeScripts\"", "pre-tokenizer 'UnicodeScripts'")]
    [InlineData("\"ids\":[1]", "\"ids\":[77]", "77")]
    [InlineData("\"id\":1,", "\"id\":2000000000,", "2000000000")]
    [InlineData("[\"s\",-3.5]", "[\"s\"]", "model.vocab[10]")]
    [InlineData("\"unk_id\":2", "\"unk_id\":\"two\"", "not a whole number")]
    [InlineData("{\"added_tokens\"", "[{\"added_tokens\"", "no valid JSON")]
    public void What_is_broken_or_unsupported_is_named(string from, string to, string fault)
    {
        using var folder = new TokenizerFolder(TokenizerFolder.UnigramStyle.Replace(from, to, StringComparison.Ordinal));
        Assert.Contains(fault, Assert.Throws<WinnowException>(() => TokenizerFactory.FromJson(folder.Path)).Message);
    }

    [Fact]
    public void A_folder_without_the_file_says_so()
    {
        using var folder = new TokenizerFolder("{}");
        File.Delete(Path.Combine(folder.Path, "tokenizer.json"));
        Assert.Contains("does not exist", Assert.Throws<WinnowException>(() => TokenizerFactory.FromJson(folder.Path)).Message);
    }

    [Fact]
    public void Mutated_files_load_or_fail_with_one_clear_error()
    {
        string[] sources = [TokenizerFolder.Llama.Replace("\n", "", StringComparison.Ordinal), TokenizerFolder.ByteLevelStyle, TokenizerFolder.UnigramStyle];
        string[] scraps = ["null", "\"", "{", "}", "[", "]", "-1", "1e99", "\\ud800", "+", "(", "\"type\"", "▁", ",", "99999999999", "true", "\"\""];
        using var folder = new TokenizerFolder("{}");
        Gen<(int Source, int[] Edits)> gen = from source in Gen.Choose(0, sources.Length - 1)
                                             from edits in Gen.ArrayOf(Gen.Choose(0, int.MaxValue - 1), 2)
                                             select (source, edits);
        Check.One(Config.QuickThrowOnFailure.WithMaxTest(1500), Prop.ForAll(gen.ToArbitrary(), pick =>
        {
            string text = sources[pick.Source];
            foreach (int edit in pick.Edits)
            {
                int at = edit / 64 % text.Length;
                text = (edit % 4) switch
                {
                    0 => text.Remove(at, Math.Min(1 + (edit % 5), text.Length - at)),
                    1 => text.Insert(at, scraps[edit % scraps.Length]),
                    2 => SwapValue(text, at, scraps[edit % scraps.Length]),
                    _ => text.Insert(at, ((char)(32 + (edit % 95))).ToString()),
                };
            }
            folder.Write("tokenizer.json", text);
            try
            {
                Tokenizer tokenizer = TokenizerFactory.FromJson(folder.Path);
                tokenizer.Decode([.. tokenizer.Encode("The cats  ab[x] é 123!!! <s>", addSpecial: true)]);
            }
            catch (WinnowException error)
            {
                Assert.NotEmpty(error.Message);
            }
        }));
    }

    /// <summary>Replaces what stands between a colon and the next comma.</summary>
    private static string SwapValue(string text, int at, string value)
    {
        int colon = text.IndexOf(':', at);
        int comma = colon < 0 ? -1 : text.IndexOf(',', colon);
        return comma < 0 ? text : text[..(colon + 1)] + value + text[comma..];
    }
}
