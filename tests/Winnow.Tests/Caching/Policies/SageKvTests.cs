using Winnow.Caching;
using Winnow.Caching.Policies;

namespace Winnow.Tests.Caching.Policies;

public sealed class SageKvTests
{
    // Logits of the two query heads on the middle, positions 2 to 7.
    private static readonly float[] s_head0 = [.1f, 2.0f, .3f, 1.5f, -1.0f, .2f];
    private static readonly float[] s_head1 = [1.0f, .9f, .2f, -.5f, 1.2f, 0f];

    [Theory]
    [InlineData(8192, 4, 2048, 1024, 2048)]
    [InlineData(8192, 7, 2048, 512, 2560)]
    [InlineData(4096, 4, 1024, 512, 1024)]
    [InlineData(512, 4, 128, 64, 128)]
    [InlineData(8192, 8, 2048, 512, 2048)]
    public void SageKv_KnownAnswer1_the_budget_rule(int budget, int group, int sink, int selected, int recent)
    {
        Assert.Equal((sink, selected, recent), SageKv.Split(budget, group));
        Assert.Equal(budget, sink + group * selected + recent);
    }

    [Fact]
    public void SageKv_KnownAnswer2_each_head_sees_its_choice_and_the_lane_stores_the_union()
    {
        using PolicyBench bench = Prompt(SageKv.GroupView.PerQueryHead);
        Assert.Equal([0, 1, 2, 3, 5, 6, 8, 9, 10, 11], bench.Kept());
        Assert.Equal([0, 1, 3, 5, 8, 9, 10, 11], View(bench, 0));
        Assert.Equal([0, 1, 2, 6, 8, 9, 10, 11], View(bench, 1));
    }

    [Fact]
    public void SageKv_KnownAnswer3_summing_logits_chooses_otherwise()
    {
        using PolicyBench bench = Prompt(SageKv.GroupView.GroupSum, selected: 1, keep: 7);
        // The smallest budget that works for a group of two is eight, so the recent part has one more entry than asked for.
        Assert.Equal([0, 1, 2, 3, 7, 8, 9, 10, 11], bench.Kept());
    }

    [Fact]
    public void SageKv_KnownAnswer3_summing_probabilities_chooses_otherwise_again()
    {
        using PolicyBench bench = Prompt(SageKv.GroupView.GroupMass, selected: 1, keep: 7);
        Assert.Equal([0, 1, 3, 5, 7, 8, 9, 10, 11], bench.Kept());
    }

    [Fact]
    public void SageKv_KnownAnswer4_the_window_slides_and_the_view_keeps_its_size()
    {
        using PolicyBench bench = Prompt(SageKv.GroupView.PerQueryHead);
        int[][] expected = [[0, 1, 3, 5, 9, 10, 11, 12], [0, 1, 3, 5, 10, 11, 12, 13], [0, 1, 3, 5, 11, 12, 13, 14], [0, 1, 3, 5, 12, 13, 14, 15]];
        foreach (int[] view in expected)
        {
            bench.Step(queries: [1, 0, 0, 1]);
            Assert.Equal(view, View(bench, 0));
        }
    }

    [Fact]
    public void Growing_the_recent_part_loses_nothing_that_was_generated()
    {
        using PolicyBench bench = Prompt(SageKv.GroupView.PerQueryHead, grow: true);
        bench.Step(queries: [1, 0, 0, 1]);
        bench.Step(queries: [1, 0, 0, 1]);
        Assert.Equal([0, 1, 3, 5, 8, 9, 10, 11, 12, 13], View(bench, 0));
    }

    [Fact]
    public void The_union_shows_every_head_what_any_head_chose()
    {
        using PolicyBench bench = Prompt(SageKv.GroupView.GroupUnion);
        Assert.Equal([0, 1, 2, 3, 5, 6, 8, 9, 10, 11], bench.Kept());
        Assert.True(bench.Lane.HeadMasks.IsEmpty);
    }

    [Fact]
    public void Heads_that_agree_fill_the_lane_with_their_next_choices_or_stay_below_the_budget()
    {
        SageKv.Options options = new() { Keep = Budget.Entries(9), Sink = 2, Selected = 2 };
        // Both heads want the same, in the same order: 3, 5, 4, 7, 2, 6.
        float[] Alike(int position) => position is >= 2 and <= 7 ? [s_head0[position - 2], s_head0[position - 2]] : [0, 0];
        using PolicyBench strict = new(new SageKv(options), group: 2), filled = new(new SageKv(options with { Fill = true }), group: 2);
        strict.Prefill(12, Alike, queries: [1, 0, 0, 1]);
        filled.Prefill(12, Alike, queries: [1, 0, 0, 1]);
        Assert.Equal([0, 1, 3, 5, 8, 9, 10, 11], strict.Kept());
        Assert.Equal([0, 1, 3, 4, 5, 7, 8, 9, 10, 11], filled.Kept());
        Assert.Equal([0, 1, 3, 4, 5, 7, 8, 9, 10, 11], View(filled, 0));
    }

    [Fact]
    public void Choosing_nothing_leaves_sink_and_recent()
    {
        using PolicyBench bench = Prompt(SageKv.GroupView.PerQueryHead, selected: 0, keep: 8);
        Assert.Equal([0, 1, 5, 6, 7, 8, 9, 10, 11], bench.Kept());
    }

    [Fact]
    public void A_prompt_within_the_budget_is_compressed_when_it_outgrows_it()
    {
        using PolicyBench bench = new(new SageKv(new SageKv.Options { Keep = Budget.Entries(9), Sink = 2, Selected = 2 }), group: 2);
        bench.Prefill(9, Key, queries: [1, 0, 0, 1]);
        Assert.Equal(9, bench.Lane.Length);
        bench.Step(queries: [1, 0, 0, 1]);
        Assert.True(bench.Lane.Length <= 10);
        Assert.True(bench.Lane.HeadMasks.ContainsAnyExcept(uint.MaxValue));
    }

    private static PolicyBench Prompt(SageKv.GroupView view, int selected = 2, int keep = 9, bool grow = false)
    {
        PolicyBench bench = new(
            new SageKv(new SageKv.Options { Keep = Budget.Entries(keep), Sink = 2, Selected = selected, View = view, GrowRecent = grow }), group: 2);
        bench.Prefill(12, Key, queries: [1, 0, 0, 1]);
        return bench;
    }

    private static float[] Key(int position) => position is >= 2 and <= 7 ? [s_head0[position - 2], s_head1[position - 2]] : [0, 0];

    private static int[] View(PolicyBench bench, int head)
    {
        List<int> seen = [];
        for (int slot = 0; slot < bench.Lane.Length; slot++)
        {
            if ((bench.Lane.HeadMasks[slot] >> head & 1) != 0)
                seen.Add(bench.Lane.Positions[slot]);
        }

        return [.. seen.Order()];
    }
}
