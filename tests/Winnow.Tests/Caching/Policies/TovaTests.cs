using Winnow.Caching;
using Winnow.Caching.Policies;

namespace Winnow.Tests.Caching.Policies;

public sealed class TovaTests
{
    // Logarithms of the probabilities that a query (1, 0) and a query (0, 1) give; their means are 0.3, 0.1, 0.25, 0.175, 0.175.
    private static readonly float[][] s_probabilities = [[.5f, .1f], [.1f, .1f], [.3f, .2f], [.05f, .3f], [.05f, .3f]];

    [Fact]
    public void Tova_KnownAnswer1_scores_are_means_over_the_heads_of_the_layer_and_the_newest_stays()
    {
        Tova policy = new(Budget.Entries(5));
        using PolicyBench bench = Prompt(policy, kvHeads: 2);
        EntryScorer scorer = policy.CreateScorer();
        for (int head = 0; head < 2; head++)
        {
            float[] scores = bench.Score(scorer, head);
            H2OTests.AssertClose([.3f, .1f, .25f, .175f], scores[..4]);
            Assert.Equal(float.PositiveInfinity, scores[4]);
        }
    }

    [Theory]
    [InlineData(1, 2)]
    [InlineData(2, 1)]
    public void Tova_KnownAnswer2_every_lane_keeps_the_same_tokens(int kvHeads, int group)
    {
        using PolicyBench bench = Prompt(new Tova(Budget.Entries(3)), kvHeads, group);
        for (int head = 0; head < kvHeads; head++)
            Assert.Equal([0, 2, 4], bench.Kept(head));
        // Means of what is left and the new token: 0.3, 0.25, 0.175, 0.275.
        bench.Step(queries: [1, 0, 0, 1], key: _ => Logarithms([.15f, .4f]));
        for (int head = 0; head < kvHeads; head++)
            Assert.Equal([0, 2, 5], bench.Kept(head));
        // The newest is least attended to and stays: 0.335, 0.301, 0.365 and nearly 0.
        bench.Step(queries: [1, 0, 0, 1], key: _ => [-20, -20]);
        for (int head = 0; head < kvHeads; head++)
            Assert.Equal([0, 5, 6], bench.Kept(head));
    }

    [Fact]
    public void Of_equals_the_latest_leaves()
    {
        using PolicyBench bench = new(new Tova(Budget.Entries(4)));
        bench.Prefill(6, queries: [1, 0]);
        Assert.Equal([0, 1, 2, 5], bench.Kept());
        bench.Step(queries: [1, 0]);
        Assert.Equal([0, 1, 2, 6], bench.Kept());
    }

    [Fact]
    public void A_wrapper_sees_the_scores_of_lanes_that_are_all_complete()
    {
        // The first lane is cut before the second is scored; its entries must count all the same.
        using PolicyBench bench = Prompt(PolicyCatalogue.Parse("chunk(tova):size=100", Budget.Entries(3)).Policy, kvHeads: 2);
        Assert.Equal([0, 2, 4], bench.Kept(0));
        Assert.Equal([0, 2, 4], bench.Kept(1));
    }

    private static PolicyBench Prompt(CachePolicy policy, int kvHeads, int group = 1)
    {
        PolicyBench bench = new(policy, kvHeads, group);
        bench.Prefill(5, position => Logarithms(s_probabilities[position]), queries: [1, 0, 0, 1]);
        return bench;
    }

    private static float[] Logarithms(float[] values) => [.. values.Select(value => MathF.Log(value))];
}
