using Winnow.Caching;

namespace Winnow.Tests;

/// <summary>A prompt in two parts: what several prompts share is read once.</summary>
public sealed class SequencePrefixTests : IDisposable
{
    private readonly TinyLlamaFile _file = new();
    private readonly LanguageModel _model;

    public SequencePrefixTests() => _model = _file.Load();

    public void Dispose()
    {
        _model.Dispose();
        _file.Dispose();
    }

    [Fact]
    public void Prompts_that_share_a_beginning_end_as_if_each_had_been_read_at_once()
    {
        int[] shared = TinyLlamaFile.Tokens(200), first = TinyLlamaFile.Tokens(60, seed: 4), second = TinyLlamaFile.Tokens(90, seed: 5);
        using Sequence trunk = Create("snapkv");
        trunk.PrefillPrefix(shared);
        foreach (int[] question in new[] { first, second })
        {
            using Sequence fork = trunk.Fork(), whole = Create("snapkv");
            Assert.Equal(whole.Prefill([.. shared, .. question]).ToArray(), fork.Prefill(question).ToArray());
            Assert.Equal(whole.Cache[1, 1].Positions.ToArray(), fork.Cache[1, 1].Positions.ToArray());
            Assert.Equal(whole.Decode(7).ToArray(), fork.Decode(7).ToArray());
        }
    }

    [Fact]
    public void A_beginning_alone_keeps_everything()
    {
        using Sequence sequence = Create("h2o");
        sequence.PrefillPrefix(TinyLlamaFile.Tokens(150));
        sequence.PrefillPrefix(TinyLlamaFile.Tokens(150));
        Assert.Equal(300L * sequence.Cache.Layout.Lanes, sequence.Cache.Entries);
        sequence.Prefill(TinyLlamaFile.Tokens(100));
        Assert.Equal(100L * sequence.Cache.Layout.Lanes, sequence.Cache.Entries);
    }

    [Fact]
    public void An_unfinished_prompt_neither_answers_nor_leaves()
    {
        using Sequence sequence = Create("full");
        sequence.PrefillPrefix(TinyLlamaFile.Tokens(50));
        using Sequence fork = sequence.Fork();
        using MemoryStream stream = new();
        Assert.Contains("not finished at position 50", Assert.Throws<WinnowException>(() => fork.Decode(5).Length).Message, StringComparison.Ordinal);
        Assert.Contains("before exporting", Assert.Throws<WinnowException>(() => sequence.Export(stream)).Message, StringComparison.Ordinal);
        sequence.Prefill(TinyLlamaFile.Tokens(5));
        sequence.Decode(5);
        Assert.Equal(56, sequence.Position);
    }

    [Theory]
    [InlineData("finch", "does not allow reading the beginning of a prompt apart from its rest")]
    [InlineData("fastgen", "does not allow reading the beginning of a prompt apart from its rest")]
    [InlineData("kvcompose", "does not allow reading the beginning of a prompt apart from its rest")]
    [InlineData("streaming-llm:position=rolling", "use position=original")]
    [InlineData("h2o:position=rolling", "use position=original")]
    public void Policies_that_do_not_wait_for_the_end_are_refused(string policy, string reason)
    {
        using Sequence sequence = Create(policy);
        Assert.Contains(reason, Assert.Throws<WinnowException>(() => sequence.PrefillPrefix(TinyLlamaFile.Tokens(50))).Message, StringComparison.Ordinal);
        Assert.Equal(0, sequence.Position);
    }

    private Sequence Create(string policy) => _model.CreateSequence(PolicyCatalogue.Parse(policy, Budget.Parse("25%")));
}
