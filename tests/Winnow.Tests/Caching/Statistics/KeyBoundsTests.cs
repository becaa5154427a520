using Winnow.Caching;
using Winnow.Caching.Statistics;

namespace Winnow.Tests.Caching.Statistics;

public sealed class KeyBoundsTests
{
    [Fact]
    public void Complete_runs_are_bounded_channel_by_channel()
    {
        using PolicyBench bench = Bench();
        KeyBounds bounds = new(page: 3, dim: 2);
        bench.Prefill(8, position => new float[][] { [1, 5], [-2, 6], [0, 4], [7, 7], [8, 6], [9, -5], [100, 100], [-100, -100] }[position]);
        bounds.Follow(bench.Lane);
        Assert.Equal([-2, 4, 1, 6], bounds[0].ToArray());
        Assert.Equal([7, -5, 9, 7], bounds[1].ToArray());
    }

    [Fact]
    public void Going_back_bounds_a_cut_run_anew_when_it_fills()
    {
        using PolicyBench bench = Bench();
        KeyBounds bounds = new(page: 3, dim: 2);
        bench.Prefill(6, _ => [50, 50]);
        bounds.Follow(bench.Lane);
        KeyBounds fork = bounds.Clone();
        bench.Store.Truncate(4);
        bounds.Truncate(4);
        bench.Prefill(2, _ => [1, 1]);
        bounds.Follow(bench.Lane);
        Assert.Equal([1, 1, 50, 50], bounds[1].ToArray());
        Assert.Equal([50, 50, 50, 50], fork[1].ToArray());
    }

    private static PolicyBench Bench() => new(PolicyCatalogue.Parse("full", Budget.Unlimited).Policy);
}
