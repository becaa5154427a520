using Winnow.Caching;
using Winnow.Caching.Policies;

namespace Winnow.Tests.Caching.Policies;

public sealed class RandomChoiceTests
{
    private const int Tokens = 2000;

    [Fact]
    public void The_same_seed_draws_the_same_entries_and_another_seed_others()
    {
        Assert.Equal(Kept(seed: 1), Kept(seed: 1));
        Assert.NotEqual(Kept(seed: 1), Kept(seed: 2));
    }

    [Fact]
    public void Draws_are_spread_evenly_from_0_to_1()
    {
        float[] scores = Scores(kvHead: 0);
        Assert.All(scores, score => Assert.InRange(score, 0, 0.9999999f));
        for (int tenth = 0; tenth < 10; tenth++)
            Assert.InRange(scores.Count(score => (int)(score * 10) == tenth), Tokens / 10 - 60, Tokens / 10 + 60);
    }

    [Fact]
    public void Lanes_draw_independently()
    {
        double product = Scores(kvHead: 0).Zip(Scores(kvHead: 1), (a, b) => (a - 0.5) * (b - 0.5)).Average();
        // The standard deviation of this mean is 1 / (12 √2000).
        Assert.InRange(product, -0.0075, 0.0075);
    }

    private static int[] Kept(int seed)
    {
        using PolicyBench bench = new(new RandomChoice(seed, Budget.Entries(20)));
        bench.Prefill(200);
        return bench.Kept();
    }

    private static float[] Scores(int kvHead)
    {
        RandomChoice policy = new(0, Budget.Entries(Tokens));
        using PolicyBench bench = new(policy, kvHeads: 2);
        bench.Prefill(Tokens);
        return bench.Score(policy.CreateScorer(), kvHead);
    }
}
