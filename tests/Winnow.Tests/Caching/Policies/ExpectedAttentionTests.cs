using Winnow.Caching;
using Winnow.Caching.Policies;
using Winnow.Kernels.Elementwise;

namespace Winnow.Tests.Caching.Policies;

public sealed class ExpectedAttentionTests
{
    // Queries (1, 0) and (3, 0): mean (2, 0), covariance 1 in the first channel, so a key (x, y) has the logit 2x + x²/2: 0, 2.5, 0, −1.5.
    private static readonly float[] s_queries = [1, 0, 3, 0, 1, 0, 3, 0];
    private static readonly float[][] s_keys = [[0, 0], [1, 0], [0, 5], [-1, 0]];
    private static readonly float[] s_lengths = [1, 0.1f, 2, 10];

    [Fact]
    public void ExpectedAttention_KnownAnswer1_a_gaussian_expectation_times_the_length_of_the_value() =>
        H2OTests.AssertClose([0.069417f, 0.084568f, 0.138835f, 0.154890f], Scores(new ExpectedAttention.Options()));

    [Fact]
    public void ExpectedAttention_KnownAnswer2_the_mean_alone_without_values() =>
        // Logits 0, 2, 0, −2.
        H2OTests.AssertClose([0.104994f, 0.775803f, 0.104994f, 0.014209f], Scores(new ExpectedAttention.Options { Covariance = false, Values = false }));

    [Fact]
    public void ExpectedAttention_KnownAnswer3_epsilon_lets_values_speak_for_themselves() =>
        H2OTests.AssertClose([0.569417f, 0.134568f, 1.138835f, 5.154890f], Scores(new ExpectedAttention.Options { Epsilon = 0.5f }));

    [Fact]
    public void ExpectedAttention_KnownAnswer4_queries_are_turned_to_the_positions_that_follow()
    {
        // Quarter turns: at positions 4 and 5 the mean rotation has cosine and sine 1/2, so the mean becomes (1, 1) and every covariance 1/4.
        using RotaryTable quarterTurns = new(2, 8, [Math.PI / 2]);
        float[] scores = Scores(new ExpectedAttention.Options { Future = 2, Values = false }, quarterTurns, [[1, 0], [0, 1], [1, 1], [-1, 0]]);
        H2OTests.AssertClose([0, 1.375f, -2], [MathF.Log(scores[1] / scores[0]), MathF.Log(scores[2] / scores[0]), MathF.Log(scores[3] / scores[0])]);
    }

    [Fact]
    public void The_first_tokens_stay_and_are_no_queries()
    {
        float[] shifted = [100, 100, .. s_queries];
        ExpectedAttention policy = new(new ExpectedAttention.Options { Keep = Budget.Entries(5), Sink = 1 });
        using PolicyBench bench = new(policy);
        bench.Prefill(5, position => position == 0 ? [9, 9] : s_keys[position - 1], value: position => [position == 0 ? 0 : s_lengths[position - 1], 0]);
        EntryScorer scorer = policy.CreateScorer();
        scorer.ObserveQueries(bench.Layer, shifted, 5);
        float[] scores = bench.Score(scorer);
        Assert.Equal(float.PositiveInfinity, scores[0]);
        H2OTests.AssertClose([0.069417f, 0.084568f, 0.138835f, 0.154890f], scores[1..]);
    }

    [Fact]
    public void A_group_takes_the_mean_of_its_heads()
    {
        ExpectedAttention policy = new(new ExpectedAttention.Options { Keep = Budget.Entries(2), Sink = 0, Values = false });
        using PolicyBench bench = new(policy, group: 2);
        bench.Prefill(2, position => [position, 0]);
        EntryScorer scorer = policy.CreateScorer();
        // Both heads' queries do not vary: logits 0 and ln 3 for one, 0 and 0 for the other.
        float one = MathF.Log(3);
        scorer.ObserveQueries(bench.Layer, [one, 0, 0, 0, one, 0, 0, 0], 2);
        H2OTests.AssertClose([(0.25f + 0.5f) / 2, (0.75f + 0.5f) / 2], bench.Score(scorer));
    }

    [Fact]
    public void Statistics_are_given_back_once_the_prompt_is_read()
    {
        ExpectedAttention policy = new(new ExpectedAttention.Options { Keep = Budget.Entries(4) });
        using PolicyBench bench = new(policy);
        bench.Prefill(4);
        EntryScorer scorer = policy.CreateScorer();
        scorer.ObserveQueries(bench.Layer, s_queries, 4);
        Assert.Equal((2 + 4) * sizeof(float), scorer.StateBytes);
        scorer.Finish(bench.Layer);
        Assert.Equal(0, scorer.StateBytes);
    }

    private static float[] Scores(ExpectedAttention.Options options, RotaryTable? rotary = null, float[][]? keys = null)
    {
        ExpectedAttention policy = new(options with { Keep = Budget.Entries(4), Sink = 0 });
        using PolicyBench bench = new(policy, rotary: rotary);
        bench.Prefill(4, position => (keys ?? s_keys)[position], value: position => [0, s_lengths[position]]);
        EntryScorer scorer = policy.CreateScorer();
        scorer.ObserveQueries(bench.Layer, s_queries, 4);
        return bench.Score(scorer);
    }
}
