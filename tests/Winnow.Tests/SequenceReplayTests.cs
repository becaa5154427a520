using Winnow.Caching;
using Winnow.Kernels.Attention;

namespace Winnow.Tests;

/// <summary>The second reading of a prompt, which policies such as KVCompose ask for.</summary>
public sealed class SequenceReplayTests : IDisposable
{
    private readonly TinyLlamaFile _file = new();
    private readonly LanguageModel _model;

    public SequenceReplayTests() => _model = _file.Load();

    public void Dispose()
    {
        _model.Dispose();
        _file.Dispose();
    }

    [Theory]
    [InlineData(60)]
    [InlineData(230)]
    public void A_second_reading_leaves_nothing_behind_but_scores(int length)
    {
        int[] tokens = TinyLlamaFile.Tokens(length);
        using Sequence full = Create("full", "100%"), replayed = Create("kvcompose", "1000");
        Assert.Equal(full.Prefill(tokens).ToArray(), replayed.Prefill(tokens).ToArray());
        Assert.Equal(length, replayed.Position);
        Assert.Equal(full.Cache.KvBytes, replayed.Cache.KvBytes);
        Assert.Equal(Enumerable.Range(0, length), replayed.Cache[1, 0].Positions.ToArray());
        Assert.All(replayed.Cache[0, 0].Scores.ToArray(), score => Assert.InRange(score, float.Epsilon, 1));
        for (int token = 20; token < 30; token++)
            Assert.Equal(full.Decode(token).ToArray(), replayed.Decode(token).ToArray());
    }

    [Fact]
    public void Scores_are_the_highest_attention_of_the_tokens_read_again()
    {
        // What the second reading sees is what a sequence sees that reads the same tokens twice.
        int[] tokens = TinyLlamaFile.Tokens(90);
        using Sequence replayed = Create("kvcompose", "1000", EntryType.F32), twice = Create("h2o", "1000", EntryType.F32);
        replayed.Prefill(tokens);
        twice.Prefill(tokens);
        float[] once = twice.Cache[0, 0].Scores.ToArray();
        twice.Prefill(tokens);
        for (int token = 0; token < tokens.Length; token++)
        {
            // Maxima of the three query heads, against the sum over all heads and queries.
            float sum = twice.Cache[0, 0].Scores[token] - once[token];
            float high = Enumerable.Range(0, 3).Max(head => replayed.Cache[0, 0].ScoresOf(head)[token]);
            Assert.InRange(high, sum / (3 * tokens.Length) - 1e-5f, sum + 1e-5f);
        }
    }

    [Fact]
    public void The_answer_continues_at_the_prompts_end_after_the_cache_has_shrunk()
    {
        using Sequence sequence = Create("kvcompose", "25%");
        sequence.Prefill(TinyLlamaFile.Tokens(300));
        Assert.Equal(300, sequence.Position);
        sequence.Decode(9);
        Assert.All(sequence.Cache.Lanes, lane => Assert.Equal(300, lane.Positions[^1]));
        Assert.Equal(75 * sequence.Cache.Layout.Lanes + sequence.Cache.Layout.Lanes, sequence.Cache.Entries);
        Assert.Equal(sequence.Cache[0, 0].Length, sequence.Cache[0, 1].Length);
    }

    [Fact]
    public void Texts_can_be_read_instead_of_the_prompt()
    {
        string path = Path.GetTempFileName();
        File.WriteAllText(path, "first question\n\nsecond one");
        using Sequence own = Create("kvcompose", "25%"), asked = Create($"kvcompose:prompts={path}", "25%");
        File.Delete(path);
        own.Prefill(TinyLlamaFile.Tokens(300));
        asked.Prefill(TinyLlamaFile.Tokens(300));
        Assert.Equal(300, asked.Position);
        Assert.Equal(own.Cache.Entries, asked.Cache.Entries);
        Assert.NotEqual(own.Cache[0, 0].Positions.ToArray(), asked.Cache[0, 0].Positions.ToArray());
    }

    [Fact]
    public void A_prompt_as_long_as_the_window_can_be_read_again()
    {
        using Sequence sequence = Create("kvcompose", "10%");
        sequence.Prefill(TinyLlamaFile.Tokens(2040));
        Assert.Equal(2040, sequence.Position);
        Assert.All(sequence.Decode(9).ToArray(), logit => Assert.True(float.IsFinite(logit)));
    }

    [Fact]
    public void Cancelling_the_second_reading_leaves_a_usable_full_cache()
    {
        int[] tokens = TinyLlamaFile.Tokens(450);
        using CancellationTokenSource source = new();
        using Sequence full = Create("full", "100%"), cancelled = Create("kvcompose", "25%");
        full.Prefill(tokens);
        Assert.Throws<OperationCanceledException>(() => cancelled.Prefill(tokens, new CancelAt(source, tokens.Length), source.Token));
        Assert.Equal(tokens.Length, cancelled.Position);
        Assert.Equal(full.Cache.KvBytes, cancelled.Cache.KvBytes);
        Assert.Equal(full.Decode(7).ToArray(), cancelled.Decode(7).ToArray());
        cancelled.Prefill(tokens.AsSpan(0, 50));
        Assert.Equal(501, cancelled.Position);
        Assert.Equal(501 / 4 * cancelled.Cache.Layout.Lanes, cancelled.Cache.Entries);
    }

    [Fact]
    public void A_second_reading_that_fails_half_way_takes_back_all_of_it()
    {
        int[] tokens = TinyLlamaFile.Tokens(350);
        using Sequence full = Create("full", "100%");
        ChosenPolicy policy = PolicyCatalogue.Parse("kvcompose", Budget.Parse("25%"));
        using Sequence failed = _model.CreateSequence(policy with { Policy = new FailingPolicy(policy.Policy, position: 550) });
        full.Prefill(tokens);
        Assert.Throws<InvalidDataException>(() => failed.Prefill(tokens));
        Assert.Equal(350, failed.Position);
        Assert.Equal(full.Cache.KvBytes, failed.Cache.KvBytes);
        Assert.Equal(full.Decode(7).ToArray(), failed.Decode(7).ToArray());
    }

    private Sequence Create(string policy, string keep, EntryType entries = EntryType.F16) =>
        _model.CreateSequence(PolicyCatalogue.Parse(policy, Budget.Parse(keep)), entries);

    /// <summary>Fails in the second layer when a pass reaches a position.</summary>
    private sealed class FailingPolicy(CachePolicy inner, int position) : CachePolicy
    {
        public override PolicyNeeds Needs => inner.Needs with { Segments = true };

        public override CacheSession Start() => new Session(position);

        private sealed class Session(int position) : CacheSession
        {
            public override CacheSession Fork() => new Session(position);

            public override void AttendSegments(
                LayerCache layer, ReadOnlySpan<float> queries, int tokens, Span<float> output, ReadOnlySpan<float> logSumExp)
            {
                if (layer.Layer == 1 && layer.Position == position)
                    throw new InvalidDataException();
            }
        }
    }

    private sealed class CancelAt(CancellationTokenSource source, int tokens) : IProgress<int>
    {
        public void Report(int value)
        {
            if (value >= tokens)
                source.Cancel();
        }
    }
}
