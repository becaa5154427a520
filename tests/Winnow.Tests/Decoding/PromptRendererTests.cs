using Winnow.Decoding;
using Winnow.Tokenization;

namespace Winnow.Tests.Decoding;

public sealed class PromptRendererTests
{
    [Theory]
    [InlineData("A long document.", "Who?", "")]
    [InlineData("A document that asks Who? itself.\n", "Who?", "It is")]
    [InlineData("Übergrößen — «ja»", "Wer ist es?", " ")]
    [InlineData(null, "Only a question", "")]
    public void The_last_tokens_are_the_question_and_what_follows_it(string? document, string question, string prefix)
    {
        using TinyLlamaFile file = new();
        using LanguageModel model = file.Load();
        PromptTokens prompt = new PromptRenderer(model.Tokenizer, raw: true).EncodePrompt(null, document, question, prefix);
        Assert.Equal(question + prefix, model.Tokenizer.Decode(prompt.Tokens.AsSpan(^prompt.QuestionTokens..)));
        Assert.Equal(prefix.Trim(), model.Tokenizer.Decode(prompt.Tokens.AsSpan(^prompt.FollowingTokens..)).Trim());
        Assert.Equal(PromptRenderer.Join(document, question) + prefix, model.Tokenizer.Decode(prompt.Tokens));
    }

    [Fact]
    public void Without_a_question_nobody_knows_where_it_begins()
    {
        using TinyLlamaFile file = new();
        using LanguageModel model = file.Load();
        Assert.Equal(0, new PromptRenderer(model.Tokenizer, raw: true).EncodePrompt(null, "A document.", null).QuestionTokens);
    }

    [Fact]
    public void A_real_template_and_vocabulary_change_nothing_about_it()
    {
        using LanguageModel model = LanguageModel.Load(SharedFiles.SmolLm2);
        PromptRenderer renderer = new(model.Tokenizer, raw: false);
        PromptTokens prompt = renderer.EncodePrompt("Be brief.", "The boat is called Anna.\n", "What is the boat called?", "It is called");
        string text = renderer.Render([new ChatMessage("system", "Be brief."), new ChatMessage("user", "The boat is called Anna.\n\nWhat is the boat called?")]);
        Assert.Equal(renderer.Encode(text + "It is called"), prompt.Tokens);
        string tail = model.Tokenizer.Decode(prompt.Tokens.AsSpan(^prompt.QuestionTokens..), skipSpecial: false);
        Assert.StartsWith("What is the boat called?", tail, StringComparison.Ordinal);
        Assert.EndsWith("assistant\nIt is called", tail, StringComparison.Ordinal);
        string following = model.Tokenizer.Decode(prompt.Tokens.AsSpan(^prompt.FollowingTokens..), skipSpecial: false);
        Assert.Equal(tail["What is the boat called?".Length..], following);
    }
}
