using Winnow.Caching;
using Winnow.Caching.Policies;

namespace Winnow.Tests.Caching.Policies;

public sealed class KNormTests
{
    private static readonly float[][] s_keys = [[3, 4], [1, 0], [0, 4], [2, 0], [6, 8], [0, -3]];

    [Fact]
    public void KNorm_KnownAnswer1_the_score_is_the_negative_length_of_the_key()
    {
        KNorm policy = new(Budget.Entries(6));
        using PolicyBench bench = new(policy);
        bench.Prefill(6, position => s_keys[position]);
        H2OTests.AssertClose([-5, -1, -4, -2, -10, -3], bench.Score(policy.CreateScorer()));
    }

    [Fact]
    public void KNorm_KnownAnswer2_the_shortest_keys_stay_and_so_does_what_is_generated()
    {
        using PolicyBench bench = new(new KNorm(Budget.Entries(3)));
        bench.Prefill(6, position => s_keys[position]);
        Assert.Equal([1, 3, 5], bench.Kept());
        bench.Step(key: _ => [9, 9]);
        Assert.Equal([1, 3, 5, 6], bench.Kept());
    }
}
