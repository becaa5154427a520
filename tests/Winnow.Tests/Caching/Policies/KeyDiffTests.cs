using Winnow.Caching;
using Winnow.Caching.Policies;

namespace Winnow.Tests.Caching.Policies;

public sealed class KeyDiffTests
{
    [Fact]
    public void KeyDiff_KnownAnswer1_the_score_is_the_negative_cosine_with_the_mean_direction()
    {
        // Directions (1, 0), (1, 0), (0, 1): their mean points along (2, 1) / √5, whatever the lengths.
        KeyDiff policy = new(Budget.Entries(3));
        using PolicyBench bench = new(policy);
        bench.Prefill(3, position => new float[][] { [5, 0], [1, 0], [0, 0.1f] }[position]);
        H2OTests.AssertClose([-0.894427f, -0.894427f, -0.447214f], bench.Score(policy.CreateScorer()));
    }

    [Fact]
    public void KeyDiff_KnownAnswer2_what_points_elsewhere_stays_and_the_earlier_of_equals()
    {
        using PolicyBench bench = new(new KeyDiff(Budget.Entries(3)));
        bench.Prefill(5, position => new float[][] { [1, 0], [2, 0], [0, 1], [3, 0], [-1, 0] }[position]);
        Assert.Equal([0, 2, 4], bench.Kept());
    }

    [Fact]
    public void A_key_of_zeros_is_like_nothing()
    {
        KeyDiff policy = new(Budget.Entries(3));
        using PolicyBench bench = new(policy);
        bench.Prefill(3, position => position == 1 ? [0, 0] : [1, 0]);
        H2OTests.AssertClose([-1, 0, -1], bench.Score(policy.CreateScorer()));
    }
}
