using Winnow.Tokenization.PreTokenization;

namespace Winnow.Tests.Tokenization.PreTokenization;

public sealed class NamedPreTokenizersTests
{
    [Theory]
    [InlineData("gpt-2", "Hello world's  123!?\n x", "Hello| world|'s| | 123|!?|\n| x")]
    [InlineData("smollm", "a 123", "a| |1|2|3")]
    [InlineData("llama-bpe", "I'LL pay 12345 now!\n\nOk", "I|'LL| pay| |123|45| now|!\n\n|Ok")]
    [InlineData("qwen2", "x=42;\n\n  y", "x|=|4|2|;\n\n| | y")]
    [InlineData("deepseek-v3", "don't 1234 東京タワー.", "don|'t| |123|4| |東京タワー|.")]
    [InlineData("deepseek-coder", "go to\n12", "go| to|\n|1|2")]
    [InlineData("falcon", "a+b 12345`", "a|+|b| |123|45|`")]
    [InlineData("gpt-4o", "HelloWorld's HTTPServer", "Hello|World's| HTTPServer")]
    [InlineData("tekken", "ABCdef 12", "ABCdef| |1|2")]
    [InlineData("gpt-2", "𠀋𠀋 𝐀x 😀", "𠀋𠀋| 𝐀x| 😀")]
    public void A_named_pre_tokenizer_cuts_as_its_models_were_trained(string name, string text, string words) =>
        Assert.Equal(words.Split('|'), NamedPreTokenizers.Find(name).Create().Split(text, isFirst: true));

    [Fact]
    public void Every_cut_loses_nothing()
    {
        const string text = "Mixed 12345 text, don't!?\r\n\t  naïve 東京 😀𠀋  \n\n end ";
        foreach (string name in (string[])["default", "gpt-2", "smollm", "llama-bpe", "qwen2", "deepseek-v3", "deepseek-coder", "falcon", "bloom", "viking", "tekken", "gpt-4o"])
            Assert.Equal(text, string.Concat(NamedPreTokenizers.Find(name).Create().Split(text, isFirst: true)));
    }
}
