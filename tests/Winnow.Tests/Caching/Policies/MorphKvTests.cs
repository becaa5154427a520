using Winnow.Caching;
using Winnow.Caching.Policies;

namespace Winnow.Tests.Caching.Policies;

public sealed class MorphKvTests
{
    // Probabilities of two voters for six candidates, as keys whose logits are their logarithms.
    private static readonly float[] s_first = [.40f, .05f, .25f, .20f, .05f, .05f];
    private static readonly float[] s_second = [.05f, .35f, .25f, .20f, .05f, .10f];

    [Theory]
    [InlineData(MorphKv.Fusion.Sum, new[] { 0, 2, 6, 7, 8 })]
    [InlineData(MorphKv.Fusion.Max, new[] { 0, 1, 6, 7, 8 })]
    public void MorphKv_KnownAnswer1_the_two_previous_tokens_choose_among_six(MorphKv.Fusion fusion, int[] kept)
    {
        using PolicyBench bench = KnownAnswer1(fusion);
        bench.Step(queries: [0, 0]);
        Assert.Equal(kept, bench.Kept());
    }

    [Theory]
    [InlineData(MorphKv.GroupVote.MaxProb, new[] { 1.0f, .75f, .375f, .125f, .3125f, .3125f }, new[] { 0, 1, 6, 7 })]
    [InlineData(MorphKv.GroupVote.SumProb, new[] { 1.125f, .875f, .5f, .25f, .625f, .625f }, new[] { 0, 1, 6, 7 })]
    [InlineData(MorphKv.GroupVote.SumLogit, new[] { .4571f, .3429f, .1714f, .0571f, .4857f, .4857f }, new[] { 4, 5, 6, 7 })]
    public void MorphKv_KnownAnswer2_reductions_over_a_group_differ(MorphKv.GroupVote group, float[] votes, int[] kept)
    {
        float[][] rows = [[8, 1, 1, 1, 1, 4], [1, 6, 3, 1, 1, 4], [8, 1, 1, 1, 4, 1], [1, 6, 3, 1, 4, 1]];
        float[][] exponentials = group == MorphKv.GroupVote.SumLogit ? [Product(rows[0], rows[1]), Product(rows[2], rows[3])] : rows;
        float[] counted = new float[6];
        VoteCounter counter = new(group, MorphKv.Fusion.Sum);
        counter.Count([.. exponentials.SelectMany(row => row)], exponentials.Length / 2, [0, 1, 2, 3, 4, 5], 6, counted);
        for (int i = 0; i < 6; i++)
            Assert.Equal(votes[i], counted[i], 1e-4f);

        using PolicyBench bench = new(new MorphKv(new MorphKv.Options { Keep = Budget.Entries(4), Window = 2, Group = group }), group: 2, headDim: 4);
        bench.Prefill(8, position => [.. rows.Select(row => position < 6 ? MathF.Log(row[position]) : 0)], queries: [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1]);
        Assert.Equal(kept, bench.Kept());
    }

    [Theory]
    [InlineData(3, 1, new[] { 4, 5, 5, 5, 5, 5, 5 })]
    [InlineData(9, 1, new[] { 5, 5, 5, 5, 5, 5, 5 })]
    [InlineData(9, 2, new[] { 5, 6, 7, 8, 9, 5, 6 })]
    [InlineData(3, 2, new[] { 4, 5, 6, 7, 8, 9, 5 })]
    public void MorphKv_KnownAnswer3_lengths_while_generating(int prompt, double evictAfter, int[] lengths)
    {
        using PolicyBench bench = new(new MorphKv(new MorphKv.Options { Keep = Budget.Entries(4), Window = 2, EvictAfter = evictAfter }));
        bench.Prefill(prompt, Key, queries: Queries(prompt, prompt));
        foreach (int length in lengths)
        {
            bench.Step(queries: Queries(1, 99));
            Assert.Equal(length, bench.Lane.Length);
        }
    }

    [Fact]
    public void MorphKv_KnownAnswer4_the_entry_that_left_the_window_may_go_at_once()
    {
        using PolicyBench bench = KnownAnswer1(MorphKv.Fusion.Sum);
        bench.Step(queries: [0, 0]);
        // 6 has left the window; 7 turns away from it and 8 has no preference.
        bench.Step(queries: [0, 0]);
        Assert.Equal([0, 2, 7, 8, 9], bench.Kept());
    }

    [Fact]
    public void MorphKv_Property6_lanes_hold_one_more_than_the_capacity_and_all_of_the_window()
    {
        using PolicyBench bench = new(new MorphKv(new MorphKv.Options { Keep = Budget.Entries(20), Window = 5 }));
        bench.Prefill(60, Key, queries: Queries(60, 1));
        for (int step = 0; step < 100; step++)
        {
            HashSet<int> before = [.. bench.Kept(), 60 + step];
            bench.Step(queries: Queries(1, step));
            Assert.Equal(21, bench.Lane.Length);
            Assert.Subset(before, bench.Kept().ToHashSet());
            Assert.Equal(Enumerable.Range(60 + step - 5, 6), bench.Kept()[^6..]);
        }
    }

    [Fact]
    public void MorphKv_Property7_votes_ignore_the_scale_of_a_row_and_add_up_to_the_number_of_voters()
    {
        VoteCounter counter = new(MorphKv.GroupVote.MaxProb, MorphKv.Fusion.Sum);
        float[] votes = new float[4], scaled = new float[4];
        int[] positions = [0, 1, 2, 3];
        Assert.Equal(3, counter.Count([1, 2, 3, 9, .5f, .25f, .1f, 9], 1, positions, 3, votes));
        counter.Count([10, 20, 30, 1, 5, 2.5f, 1, 1], 1, positions, 3, scaled);
        Assert.Equal(2, votes[..3].Sum(), 1e-6f);
        for (int i = 0; i < 3; i++)
            Assert.Equal(votes[i], scaled[i], 1e-6f);
        Assert.Equal(float.PositiveInfinity, votes[3]);
    }

    [Fact]
    public void MorphKv_Property9_with_room_for_all_candidates_nothing_leaves()
    {
        using PolicyBench bench = new(new MorphKv(new MorphKv.Options { Keep = Budget.Entries(40), Window = 5 }));
        bench.Prefill(30, Key, queries: Queries(30, 1));
        for (int step = 0; step < 11; step++)
            bench.Step(queries: Queries(1, step));
        Assert.Equal(Enumerable.Range(0, 41), bench.Kept());
    }

    [Theory]
    [InlineData("window=5", 60)]
    [InlineData("window=5,fusion=max", 60)]
    [InlineData("window=7,group=sum-logit", 60)]
    [InlineData("window=7,group=sum-prob", 3)]
    [InlineData("window=1", 21)]
    [InlineData("window=32", 60)]
    public void MorphKv_Property10_remembered_and_recounted_votes_keep_the_same(string options, int prompt)
    {
        using PolicyBench remembered = Parsed(options), recounted = Parsed(options + ",ring=false");
        remembered.Prefill(prompt, Key, queries: Queries(prompt, 5, group: 2));
        recounted.Prefill(prompt, Key, queries: Queries(prompt, 5, group: 2));
        for (int step = 0; step < 150; step++)
        {
            remembered.Step(queries: Queries(1, 100 + step, group: 2), key: Key);
            recounted.Step(queries: Queries(1, 100 + step, group: 2), key: Key);
            Assert.Equal(recounted.Kept(), remembered.Kept());
        }

        static PolicyBench Parsed(string options) => new(PolicyCatalogue.Parse("morphkv:" + options, Budget.Entries(20)).Policy, group: 2);
    }

    [Fact]
    public void MorphKv_Property10_a_second_prompt_starts_the_votes_anew()
    {
        using PolicyBench remembered = new(new MorphKv(new MorphKv.Options { Keep = Budget.Entries(20), Window = 5 }));
        using PolicyBench recounted = new(new MorphKv(new MorphKv.Options { Keep = Budget.Entries(20), Window = 5, Ring = false }));
        foreach (PolicyBench bench in new[] { remembered, recounted })
        {
            for (int turn = 0; turn < 3; turn++)
            {
                bench.Prefill(30, Key, queries: Queries(30, turn));
                for (int step = 0; step < 40; step++)
                    bench.Step(queries: Queries(1, 100 * turn + step), key: Key);
            }
        }

        Assert.Equal(recounted.Kept(), remembered.Kept());
    }

    [Fact]
    public void MorphKv_Property11_late_and_early_eviction_agree_on_the_same_entries()
    {
        using PolicyBench early = Lazy(1), late = Lazy(2);
        foreach (PolicyBench bench in new[] { early, late })
        {
            bench.Prefill(60, Key, queries: Queries(60, 9));
            bench.Step(queries: Queries(1, 10), key: Key);
        }

        Assert.Equal(early.Kept(), late.Kept());

        static PolicyBench Lazy(double evictAfter) => new(new MorphKv(new MorphKv.Options { Keep = Budget.Entries(20), Window = 5, EvictAfter = evictAfter }));
    }

    [Fact]
    public void MorphKv_Property12_equal_votes_keep_the_earliest()
    {
        using PolicyBench bench = new(new MorphKv(new MorphKv.Options { Keep = Budget.Entries(6), Window = 2 }));
        bench.Prefill(12, queries: [0, 0, 0, 0]);
        for (int step = 0; step < 5; step++)
            bench.Step(queries: [0, 0]);
        Assert.Equal([0, 1, 2, 3, 14, 15, 16], bench.Kept());
    }

    [Fact]
    public void A_window_as_large_as_the_budget_shrinks_to_half_of_it()
    {
        using PolicyBench bench = new(new MorphKv(new MorphKv.Options { Keep = Budget.Entries(8), Window = 32 }));
        bench.Prefill(40, queries: Queries(33, 2));
        Assert.Equal(8, bench.Lane.Length);
        Assert.Equal([36, 37, 38, 39], bench.Kept()[4..]);
    }

    private static PolicyBench KnownAnswer1(MorphKv.Fusion fusion)
    {
        PolicyBench bench = new(new MorphKv(new MorphKv.Options { Keep = Budget.Entries(4), Window = 2, Fusion = fusion }));
        bench.Prefill(8, position => position < 6 ? [MathF.Log(s_first[position]), MathF.Log(s_second[position])] : [-9, -9], queries: [1, 0, 0, 1]);
        return bench;
    }

    private static float[] Key(int position) => [MathF.Sin(position * 1.7f), MathF.Cos(position * 2.9f)];

    private static float[] Queries(int tokens, int seed, int group = 1)
    {
        Random random = new(seed);
        return [.. Enumerable.Range(0, tokens * group * 2).Select(_ => (float)(random.NextDouble() * 6 - 3))];
    }

    private static float[] Product(float[] a, float[] b) => [.. a.Zip(b, (x, y) => x * y)];
}
