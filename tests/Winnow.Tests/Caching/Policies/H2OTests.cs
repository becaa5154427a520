using Winnow.Caching;
using Winnow.Caching.Policies;
using Winnow.Kernels.Attention;
using Winnow.Kernels.Memory;
using Winnow.Kernels.Threading;

namespace Winnow.Tests.Caching.Policies;

public sealed class H2OTests
{
    private const float Close = 1e-5f;

    [Fact]
    public void H2O_KnownAnswer1_one_heavy_hitter_and_two_recent_after_the_prompt()
    {
        using PolicyBench bench = Bench(heavy: 1, recent: 2);
        Prompt(bench);
        Assert.Equal([0, 2, 3], bench.Kept());
        AssertClose([2.5f, 0.5f, 0.2f], bench.Scores());
    }

    [Fact]
    public void H2O_KnownAnswer2_one_heavy_hitter_and_two_recent_while_generating()
    {
        using PolicyBench bench = Bench(heavy: 1, recent: 2);
        Prompt(bench);
        bench.Step(() => bench.AddRow(.3f, .2f, .3f, .2f));
        Assert.Equal([0, 3, 4], bench.Kept());
        AssertClose([2.8f, 0.5f, 0.2f], bench.Scores());
        bench.Step(() => bench.AddRow(.1f, .6f, .1f, .2f));
        Assert.Equal([0, 4, 5], bench.Kept());
        AssertClose([2.9f, 0.3f, 0.2f], bench.Scores());
    }

    [Fact]
    public void H2O_KnownAnswer3_two_heavy_hitters_and_one_recent()
    {
        using PolicyBench bench = Bench(heavy: 2, recent: 1);
        Prompt(bench);
        Assert.Equal([0, 1, 3], bench.Kept());
        bench.Step(() => bench.AddRow(.1f, .2f, .5f, .2f));
        Assert.Equal([0, 1, 4], bench.Kept());
        AssertClose([2.6f, 1.0f, 0.2f], bench.Scores());
        bench.Step(() => bench.AddRow(.1f, .1f, .2f, .6f));
        Assert.Equal([0, 1, 5], bench.Kept());
        AssertClose([2.7f, 1.1f, 0.6f], bench.Scores());
    }

    [Fact]
    public void H2O_KnownAnswer4_uniform_attention_favours_early_entries()
    {
        float[] sums = ColumnSums(queryHeads: 1, tokens: 5);
        AssertClose([2.283333f, 1.283333f, 0.783333f, 0.45f, 0.2f], sums);
        using PolicyBench bench = Bench(heavy: 9, recent: 1);
        bench.Prefill(5, observe: () => bench.AddRow(sums));
        H2O mean = new(new H2O.Options { Heavy = 9, Recent = 1, Norm = H2O.ScoreNorm.MeanOverVisible });
        // The newest entry stays whatever its score, 0.2.
        Assert.Equal([0.456667f, 0.320833f, 0.261111f, 0.225f, float.PositiveInfinity], bench.Score(mean.CreateScorer()), (a, b) => a == b || MathF.Abs(a - b) < Close);
    }

    [Fact]
    public void H2O_KnownAnswer5_a_group_keeps_what_no_single_head_ranks_first()
    {
        using PolicyBench bench = Bench(heavy: 1, recent: 1);
        bench.Prefill(4, observe: () =>
        {
            bench.AddRow(.50f, .10f, .35f, .05f);
            bench.AddRow(.05f, .50f, .40f, .05f);
        });
        Assert.Equal([2, 3], bench.Kept());
        AssertClose([.75f, .10f], bench.Scores());
    }

    [Fact]
    public void H2O_KnownAnswer6_attention_after_eviction()
    {
        float[][] keys = [[2, 0], [0, 2], [1, 1], [-1, 0]], values = [[1, 0], [0, 1], [1, 1], [2, 2]];
        AssertClose([0.933599f, 0.525809f], Attend(keys, values, [0, 1, 2, 3]));
        AssertClose([1.074320f, 0.454335f], Attend(keys, values, [0, 2, 3]));
        // Values that pick the probabilities out.
        AssertClose([0.619985f, 0.305695f], Attend(keys, [[1, 0], [9, 9], [0, 1], [0, 0]], [0, 2, 3]));
        AssertClose([0.074320f, 0], Attend(keys, [[0, 0], [9, 9], [0, 0], [1, 0]], [0, 2, 3]));
    }

    [Fact]
    public void H2O_KnownAnswer7_a_dropped_entry_never_comes_back()
    {
        using PolicyBench bench = Bench(heavy: 1, recent: 2);
        bench.Prefill(4, observe: () =>
        {
            bench.AddRow(1);
            bench.AddRow(.1f, .9f);
            bench.AddRow(.05f, .05f, .9f);
            bench.AddRow(.02f, .02f, .9f, .06f);
        });
        Assert.Equal([0, 2, 3], bench.Kept());
        for (int token = 4; token < 9; token++)
        {
            int[] before = bench.Kept();
            bench.Step(() => bench.AddRow(.25f, .25f, .25f, .25f));
            Assert.Subset(before.Append(token).ToHashSet(), bench.Kept().ToHashSet());
            Assert.Equal(3, bench.Kept().Length);
        }
    }

    [Fact]
    public void Mean_over_visible_removes_the_head_start_of_early_entries()
    {
        using PolicyBench sum = Bench(heavy: 1, recent: 1), mean = Bench(heavy: 1, recent: 1, H2O.ScoreNorm.MeanOverVisible);
        foreach (PolicyBench bench in new[] { sum, mean })
        {
            bench.Prefill(4, observe: () =>
            {
                bench.AddRow(1);
                bench.AddRow(.2f, .8f);
                bench.AddRow(.1f, .1f, .8f);
                bench.AddRow(.1f, .0f, .8f, .1f);
            });
        }

        Assert.Equal([2, 3], sum.Kept());
        Assert.Equal([2, 3], mean.Kept());
        AssertClose([1.6f, .1f], sum.Scores());
    }

    [Fact]
    public void Budgets_split_half_and_half_and_grow_monotonically()
    {
        using PolicyBench small = Policy("h2o", "6"), large = Policy("h2o", "8");
        float[] row = [.3f, .1f, .25f, .2f, .05f, .02f, .04f, .01f, .01f, .01f, .01f, 0f];
        small.Prefill(12, observe: () => small.AddRow(row));
        large.Prefill(12, observe: () => large.AddRow(row));
        Assert.Equal([0, 2, 3, 9, 10, 11], small.Kept());
        Assert.Equal([0, 1, 2, 3, 8, 9, 10, 11], large.Kept());
    }

    internal static PolicyBench Policy(string name, string keep, int kvHeads = 1, int group = 1) =>
        new(PolicyCatalogue.Parse(name, Budget.Parse(keep)).Policy, kvHeads, group);

    internal static void AssertClose(float[] expected, float[] actual) =>
        Assert.Equal(expected, actual, (a, b) => MathF.Abs(a - b) < Close);

    private static PolicyBench Bench(int heavy, int recent, H2O.ScoreNorm norm = H2O.ScoreNorm.Sum) =>
        new(new H2O(new H2O.Options { Heavy = heavy, Recent = recent, Norm = norm }));

    private static void Prompt(PolicyBench bench) => bench.Prefill(4, observe: () =>
    {
        bench.AddRow(1);
        bench.AddRow(.6f, .4f);
        bench.AddRow(.5f, .1f, .4f);
        bench.AddRow(.4f, .3f, .1f, .2f);
        AssertClose([2.5f, 0.8f, 0.5f, 0.2f], bench.Scores());
    });

    private static float[] ColumnSums(int queryHeads, int tokens)
    {
        PageFormat format = new(2, EntryType.F32);
        using PagePool pool = new(format);
        using ThreadTeam team = new(1);
        using PagedAttention attention = new(team, format);
        using NativeBuffer<KvPage> pages = new(1);
        using NativeBuffer<int> positions = new(PageFormat.Entries);
        using NativeBuffer<float> sums = new(PageFormat.Entries);
        pages.Span[0] = pool.Rent();
        for (int i = 0; i < tokens; i++)
            positions.Span[i] = i;
        LaneView[] lanes = [new LaneView(pages, tokens, positions)];
        AttentionRequest request = new()
        {
            Lanes = lanes, Queries = new float[tokens * queryHeads * 2], Tokens = tokens, QueryHeads = queryHeads, FirstPositions = new[] { 0 }, Scale = 1,
        };
        attention.Attend(request, new float[tokens * queryHeads * 2]);
        attention.AddColumnSums(request, new ColumnObservation(), [sums]);
        pool.Release(pages.Span[0]);
        return sums.Span[..tokens].ToArray();
    }

    private static float[] Attend(float[][] keys, float[][] values, int[] kept)
    {
        PageFormat format = new(2, EntryType.F32);
        using PagePool pool = new(format);
        using ThreadTeam team = new(1);
        using PagedAttention attention = new(team, format);
        using NativeBuffer<KvPage> pages = new(1);
        using NativeBuffer<int> positions = new(PageFormat.Entries);
        pages.Span[0] = pool.Rent();
        for (int i = 0; i < kept.Length; i++)
        {
            pages.Span[0].Write(format, i, keys[kept[i]], values[kept[i]]);
            positions.Span[i] = kept[i];
        }

        LaneView[] lanes = [new LaneView(pages, kept.Length, positions)];
        float[] output = new float[2];
        attention.Attend(
            new AttentionRequest
            {
                Lanes = lanes, Queries = new float[] { 1, 0 }, Tokens = 1, QueryHeads = 1, FirstPositions = new[] { 3 }, Scale = 1 / MathF.Sqrt(2),
            },
            output);
        pool.Release(pages.Span[0]);
        return output;
    }
}
