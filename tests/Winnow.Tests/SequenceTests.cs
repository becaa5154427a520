using Winnow.Caching;
using Winnow.Decoding;
using Winnow.Kernels.Attention;

namespace Winnow.Tests;

public sealed class SequenceTests : IDisposable
{
    private readonly TinyLlamaFile _file = new();
    private readonly LanguageModel _model;

    public SequenceTests() => _model = _file.Load();

    public void Dispose()
    {
        _model.Dispose();
        _file.Dispose();
    }

    [Fact]
    public void Reading_in_chunks_equals_reading_token_by_token()
    {
        int[] tokens = TinyLlamaFile.Tokens(230);
        using Sequence whole = _model.CreateSequence(entries: EntryType.F32), single = _model.CreateSequence(entries: EntryType.F32);
        float[] expected = whole.Prefill(tokens).ToArray();
        single.Prefill(tokens.AsSpan(0, 1));
        foreach (int token in tokens.Skip(1))
            single.Decode(token);
        AssertClose(expected, single.Logits);
        Assert.Equal(230, single.Position);
    }

    [Fact]
    public void A_fork_goes_its_own_way()
    {
        int[] tokens = TinyLlamaFile.Tokens(150);
        using Sequence trunk = _model.CreateSequence();
        trunk.Prefill(tokens);
        using Sequence fork = trunk.Fork(), other = _model.CreateSequence();
        trunk.Decode(40);
        fork.Decode(50);
        float[] afterFork = fork.Decode(60).ToArray();
        float[] afterTrunk = trunk.Decode(70).ToArray();
        other.Prefill(tokens);
        other.Decode(50);
        Assert.Equal(other.Decode(60).ToArray(), afterFork);
        Assert.NotEqual(afterFork, afterTrunk);
    }

    [Fact]
    public void Going_back_and_on_again_changes_nothing()
    {
        int[] tokens = TinyLlamaFile.Tokens(150);
        using Sequence sequence = _model.CreateSequence();
        sequence.Prefill(tokens);
        float[] expected = sequence.Decode(44).ToArray();
        sequence.Decode(45);
        sequence.Decode(46);
        sequence.Truncate(150);
        Assert.Equal(expected, sequence.Decode(44).ToArray());
    }

    [Fact]
    public void Going_back_over_dropped_entries_is_refused()
    {
        using Sequence sequence = Create("streaming-llm", "64");
        sequence.Prefill(TinyLlamaFile.Tokens(150));
        WinnowException error = Assert.Throws<WinnowException>(() => sequence.Truncate(100));
        Assert.Contains("dropped entries at position 150", error.Message, StringComparison.Ordinal);
        sequence.Truncate(150);
    }

    [Theory]
    [InlineData("full", "100%")]
    [InlineData("h2o", "50%")]
    [InlineData("sage-kv", "40%")]
    [InlineData("streaming-llm:position=rolling", "80")]
    [InlineData("zeromerge:residual=2", "25%")]
    [InlineData("kvcompose", "25%")]
    public void An_exported_sequence_goes_on_in_another_model_instance(string policy, string keep)
    {
        using Sequence sequence = Create(policy, keep);
        sequence.Prefill(TinyLlamaFile.Tokens(200));
        sequence.Decode(33);
        using MemoryStream stream = new();
        sequence.Export(stream);
        stream.Position = 0;
        using LanguageModel second = _file.Load();
        using Sequence imported = second.ImportSequence(stream, PolicyCatalogue.Parse(policy, Budget.Parse(keep)));
        Assert.Equal(sequence.Logits.ToArray(), imported.Logits.ToArray());
        Assert.Equal(sequence.Cache.KvBytes, imported.Cache.KvBytes);
        for (int token = 50; token < 60; token++)
            Assert.Equal(sequence.Decode(token).ToArray(), imported.Decode(token).ToArray());
    }

    [Theory]
    [InlineData("full", EntryType.Q4_0, EntryType.Q4_0)]
    [InlineData("h2o", EntryType.Q4_1, EntryType.Q4_1)]
    [InlineData("snapkv", EntryType.Q8_0, EntryType.Q4_0)]
    public void Entries_of_four_bits_survive_forks_and_exports(string policy, EntryType keys, EntryType values)
    {
        EntryTypes types = new(keys, values);
        using Sequence sequence = Create(policy, "50%", types);
        sequence.Prefill(TinyLlamaFile.Tokens(200));
        using MemoryStream stream = new();
        sequence.Export(stream);
        stream.Position = 0;
        using Sequence imported = _model.ImportSequence(stream, PolicyCatalogue.Parse(policy, Budget.Parse("50%")), types);
        using Sequence fork = sequence.Fork();
        for (int token = 50; token < 60; token++)
        {
            float[] expected = sequence.Decode(token).ToArray();
            Assert.Equal(expected, fork.Decode(token).ToArray());
            Assert.Equal(expected, imported.Decode(token).ToArray());
        }
    }

    [Fact]
    public void An_export_with_other_types_of_keys_or_values_is_refused()
    {
        using Sequence sequence = Create("full", "100%", new EntryTypes(EntryType.Q8_0, EntryType.Q4_0));
        sequence.Prefill(TinyLlamaFile.Tokens(50));
        using MemoryStream stream = new();
        sequence.Export(stream);
        foreach (EntryTypes types in new EntryTypes[] { EntryType.Q8_0, EntryType.Q4_0 })
        {
            stream.Position = 0;
            WinnowException error = Assert.Throws<WinnowException>(() => _model.ImportSequence(stream, entries: types));
            Assert.Contains("cache type", error.Message, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(3)]
    [InlineData(40)]
    [InlineData(5000)]
    public void A_truncated_export_is_one_clear_error(int length)
    {
        using Sequence sequence = Create("full", "100%");
        sequence.Prefill(TinyLlamaFile.Tokens(50));
        using MemoryStream stream = new();
        sequence.Export(stream);
        using MemoryStream cut = new(stream.ToArray()[..length]);
        WinnowException error = Assert.Throws<WinnowException>(() => _model.ImportSequence(cut));
        Assert.Contains("truncated", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void An_export_for_another_policy_is_refused()
    {
        using Sequence sequence = Create("h2o", "50%");
        sequence.Prefill(TinyLlamaFile.Tokens(50));
        using MemoryStream stream = new();
        sequence.Export(stream);
        stream.Position = 0;
        WinnowException error = Assert.Throws<WinnowException>(() => _model.ImportSequence(stream));
        Assert.Contains("policy", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void An_export_for_a_policy_of_the_same_layout_is_refused_too()
    {
        using Sequence sequence = Create("streaming-llm", "50%");
        sequence.Prefill(TinyLlamaFile.Tokens(50));
        using MemoryStream stream = new();
        sequence.Export(stream);
        stream.Position = 0;
        WinnowException error = Assert.Throws<WinnowException>(() => _model.ImportSequence(stream));
        Assert.Contains("'streaming-llm', not 'full'", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_sequence_that_went_back_is_exported_and_imported()
    {
        using Sequence sequence = Create("full", "100%");
        sequence.Prefill(TinyLlamaFile.Tokens(150));
        sequence.Truncate(100);
        using MemoryStream stream = new();
        sequence.Export(stream);
        stream.Position = 0;
        using Sequence imported = _model.ImportSequence(stream);
        Assert.Equal(sequence.Decode(8).ToArray(), imported.Decode(8).ToArray());
    }

    [Fact]
    public void Scores_that_count_later_tokens_forbid_going_back()
    {
        using Sequence sequence = Create("h2o", "1000");
        sequence.Prefill(TinyLlamaFile.Tokens(100));
        sequence.Decode(5);
        WinnowException error = Assert.Throws<WinnowException>(() => sequence.Truncate(100));
        Assert.Contains("scores", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_text_longer_than_the_window_is_refused_and_the_sequence_lives_on()
    {
        using Sequence sequence = Create("full", "100%");
        sequence.Prefill(TinyLlamaFile.Tokens(20));
        WinnowException error = Assert.Throws<WinnowException>(() => sequence.Prefill(TinyLlamaFile.Tokens(2029)));
        Assert.Contains("2049 tokens is longer than the model's window of 2048", error.Message, StringComparison.Ordinal);
        Assert.Equal(20, sequence.Position);
        sequence.Decode(5);
    }

    [Fact]
    public void A_speed_measurement_may_read_beyond_the_window()
    {
        using LanguageModel model = LanguageModel.Load(_file.Path, new ModelOptions { EnforceWindow = false });
        using Sequence sequence = model.CreateSequence();
        sequence.Prefill(TinyLlamaFile.Tokens(2049));
        Assert.Equal(2050, sequence.Decode(5).IsEmpty ? 0 : sequence.Position);
    }

    [Theory]
    [InlineData("streaming-llm:position=rolling")]
    [InlineData("h2o:position=rolling")]
    public void Rolling_positions_outgrow_the_window(string policy)
    {
        using Sequence sequence = Create(policy, "128");
        sequence.Prefill(TinyLlamaFile.Tokens(2500));
        Assert.Equal(128, sequence.Cache[0, 0].Length);
        Assert.All(sequence.Decode(9).ToArray(), logit => Assert.True(float.IsFinite(logit)));
    }

    [Fact]
    public void Rolling_equals_original_positions_until_something_is_dropped()
    {
        int[] tokens = TinyLlamaFile.Tokens(90);
        using Sequence rolling = Create("streaming-llm:position=rolling", "128", EntryType.F32), full = Create("full", "100%", EntryType.F32);
        AssertClose(full.Prefill(tokens).ToArray(), rolling.Prefill(tokens));
        AssertClose(full.Decode(7).ToArray(), rolling.Decode(7));
    }

    [Fact]
    public void Cancelling_stops_between_chunks_and_keeps_what_was_read()
    {
        using CancellationTokenSource source = new();
        using Sequence sequence = Create("full", "100%");
        Assert.Throws<OperationCanceledException>(() => sequence.Prefill(TinyLlamaFile.Tokens(500), new CancelAt(source, 200), source.Token));
        Assert.Equal(200, sequence.Position);
        sequence.Decode(5);
    }

    [Fact]
    public void A_token_that_does_not_exist_is_refused()
    {
        using Sequence sequence = Create("full", "100%");
        Assert.Throws<WinnowException>(() => sequence.Prefill([5, 260]));
        Assert.Equal(0, sequence.Position);
    }

    [Theory]
    [InlineData("full", "100%")]
    [InlineData("streaming-llm", "25%")]
    [InlineData("h2o", "25%")]
    [InlineData("sage-kv", "25%")]
    [InlineData("snapkv", "25%")]
    [InlineData("zeromerge", "25%")]
    [InlineData("zeromerge:residual=3,similarity=distance,seed=protect-sink", "25%")]
    [InlineData("kvcompose", "25%")]
    [InlineData("fastgen", "25%")]
    [InlineData("fastgen", "60%")]
    [InlineData("rlkv", "25%")]
    [InlineData("quest:skip=0", "25%")]
    [InlineData("tova", "25%")]
    [InlineData("expected-attention", "25%")]
    [InlineData("adakv(pyramidkv)", "25%")]
    [InlineData("fourier:refit=1000,max-tokens=400", "25%")]
    [InlineData("fourier:states=f16,max-tokens=400", "25%")]
    public void A_decoded_token_allocates_nothing(string policy, string keep)
    {
        using Sequence sequence = Create(policy, keep);
        sequence.Prefill(TinyLlamaFile.Tokens(300));
        for (int i = 0; i < 80; i++)
            sequence.Decode(10);
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 200; i++)
            sequence.Decode(10);
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    [Fact]
    public void Released_sequences_give_their_pages_back()
    {
        PagePool pool = _model.Runtime(new PageFormat(32, EntryType.F16)).Pool;
        Sequence sequence = Create("full", "100%");
        sequence.Prefill(TinyLlamaFile.Tokens(300));
        Sequence fork = sequence.Fork();
        Assert.Equal(4 * 5, pool.LivePages);
        Assert.Equal(sequence.Cache.KvBytes, pool.LiveBytes);
        fork.Decode(3);
        Assert.Equal(4 * 6, pool.LivePages);
        sequence.Dispose();
        fork.Dispose();
        Assert.Equal(0, pool.LivePages);
    }

    [Fact]
    public void The_same_seed_draws_the_same_text()
    {
        int[] Draw(int seed)
        {
            using Sequence sequence = Create("full", "100%");
            sequence.Prefill(TinyLlamaFile.Tokens(30));
            SamplingOptions sampling = new() { Temperature = 1, TopP = 0.9f, TopK = 40, Seed = seed };
            return [.. TextGenerator.Generate(_model, sequence, new GenerationOptions { Sampling = sampling, MaxTokens = 30, StopAtEnd = false })
                .Where(token => token.Token >= 0).Select(token => token.Token)];
        }

        Assert.Equal(Draw(1), Draw(1));
        Assert.NotEqual(Draw(1), Draw(2));
    }

    private static void AssertClose(float[] expected, ReadOnlySpan<float> actual) =>
        Assert.Equal(expected, actual.ToArray(), (a, b) => MathF.Abs(a - b) < 2e-2f);

    private Sequence Create(string policy, string keep, EntryTypes entries = default) =>
        _model.CreateSequence(PolicyCatalogue.Parse(policy, Budget.Parse(keep)), entries);

    private sealed class CancelAt(CancellationTokenSource source, int tokens) : IProgress<int>
    {
        public void Report(int value)
        {
            if (value >= tokens)
                source.Cancel();
        }
    }
}
