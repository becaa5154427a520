using Winnow.Caching;
using Winnow.Caching.Policies;

namespace Winnow.Tests.Caching.Policies;

public sealed class SnapKvTests
{
    // One entry stands out for the voters; its neighbours matter once votes are pooled.
    private static readonly float[] s_logits = [0, 0, 1, 0, 0, 0, 4, 0, 3, 0, 0, 0];

    [Fact]
    public void The_window_stays_and_the_best_votes_join_it()
    {
        using PolicyBench bench = Prompt(window: 2, kernel: 1, keep: 5);
        Assert.Equal([2, 6, 8, 10, 11], bench.Kept());
    }

    [Fact]
    public void Pooling_keeps_the_neighbours_of_a_peak()
    {
        using PolicyBench bench = Prompt(window: 2, kernel: 3, keep: 5);
        // Between the two peaks both neighbours count, so 7 comes first; 6 and then 5 or 8 follow by the larger peak.
        Assert.Equal([5, 6, 7, 10, 11], bench.Kept());
    }

    [Fact]
    public void Max_pooling_spreads_the_peak_itself()
    {
        using PolicyBench bench = Prompt(window: 2, kernel: 3, keep: 4, SnapKv.Pooling.Max);
        Assert.Equal([5, 6, 10, 11], bench.Kept());
    }

    [Fact]
    public void Generated_tokens_stay()
    {
        using PolicyBench bench = Prompt(window: 2, kernel: 1, keep: 5);
        bench.Step(queries: [1, 0]);
        bench.Step(queries: [1, 0]);
        Assert.Equal([2, 6, 8, 10, 11, 12, 13], bench.Kept());
    }

    [Fact]
    public void A_prompt_within_the_budget_is_left_alone()
    {
        using PolicyBench bench = Prompt(window: 2, kernel: 3, keep: 12);
        Assert.Equal(12, bench.Kept().Length);
    }

    [Fact]
    public void An_even_kernel_is_refused()
    {
        WinnowException error = Assert.Throws<WinnowException>(() => PolicyCatalogue.Parse("snapkv:kernel=4", Budget.Parse("25%")));
        Assert.Contains("odd", error.Message, StringComparison.Ordinal);
    }

    private static PolicyBench Prompt(int window, int kernel, int keep, SnapKv.Pooling pooling = SnapKv.Pooling.Mean)
    {
        PolicyBench bench = new(new SnapKv(window, kernel, pooling, Budget.Entries(keep)));
        bench.Prefill(12, position => [s_logits[position], 0], queries: [1, 0, 1, 0]);
        return bench;
    }
}
