using Winnow.Caching;
using Winnow.Caching.Policies;
using Winnow.Caching.Storage;
using Winnow.Kernels.Attention;
using Winnow.Kernels.Threading;
using Winnow.Models;

namespace Winnow.Tests.Caching.Policies;

public sealed class KvComposeTests : IDisposable
{
    /// <summary>Attention that was recorded, [layer][query head][row][token].</summary>
    private static readonly float[][][][] Recorded =
    [
        [
            [[.40f, .10f, .05f, .05f], [.30f, .20f, .05f, .05f]],
            [[.20f, .10f, .10f, .20f], [.10f, .30f, .10f, .10f]],
            [[.10f, .10f, .30f, .10f], [.10f, .05f, .40f, .05f]],
            [[.10f, .20f, .20f, .10f], [.10f, .10f, .10f, .30f]],
        ],
        [
            [[.20f, .15f, .15f, .10f], [.10f, .20f, .10f, .20f]],
            [[.10f, .10f, .20f, .20f], [.15f, .15f, .15f, .15f]],
            [[.12f, .12f, .18f, .18f], [.16f, .10f, .14f, .20f]],
            [[.14f, .16f, .12f, .18f], [.10f, .20f, .20f, .10f]],
        ],
    ];

    private readonly ThreadTeam _team = new(1);
    private readonly PagePool _pool = new(new PageFormat(2, EntryType.F32));
    private readonly PagedAttention _attention;

    public KvComposeTests() => _attention = new PagedAttention(_team, _pool.Format);

    public void Dispose()
    {
        _attention.Dispose();
        _pool.Dispose();
        _team.Dispose();
    }

    [Fact]
    public void KvCompose_KnownAnswer1_scores_of_lanes_without_smoothing_choose_each_lanes_own()
    {
        float[][][] scores = Scores("smooth=false");
        H2OTests.AssertClose([.3f, .25f, .075f, .125f, .1f, .15f, .3f, .2f], [.. scores[0][0], .. scores[0][1]]);
        H2OTests.AssertClose([.175f, .175f, .175f, .2f, .15f, .16f, .19f, .19f], [.. scores[1][0], .. scores[1][1]]);
        Assert.Equal(["0 1", "2 3", "0 3", "2 3"], Choose("smooth=false,floor=2", Budget.Entries(2)));
        Assert.Equal(["0", "2", "3", "2"], Choose("smooth=false", Budget.Entries(1)));
    }

    [Fact]
    public void KvCompose_KnownAnswer2_the_mean_over_lanes_is_added()
    {
        float[][][] scores = Scores("");
        H2OTests.AssertClose([.5f, .45f, .2625f, .2875f, .3f, .35f, .4875f, .3625f], [.. scores[0][0], .. scores[0][1]]);
        H2OTests.AssertClose([.3375f, .3425f, .3575f, .395f, .3125f, .3275f, .3725f, .385f], [.. scores[1][0], .. scores[1][1]]);
    }

    [Fact]
    public void KvCompose_KnownAnswer3_composite_scores_with_and_without_the_rule_for_the_first_layer()
    {
        float[][] plain = CompositeBudgets.Composites(Scores(""), maximum: false, firstLongest: false);
        float[][] ruled = CompositeBudgets.Composites(Scores(""), maximum: false, firstLongest: true);
        H2OTests.AssertClose([.49375f, .40625f, .31875f, .28125f], plain[0]);
        H2OTests.AssertClose([.39f, .365f, .335f, .325f], plain[1]);
        H2OTests.AssertClose([.49375f, .40625f, .335f, .325f], ruled[0]);
    }

    [Fact]
    public void KvCompose_KnownAnswer4_half_of_the_entries()
    {
        Assert.Equal(["0 1", "2 3", "2 3", "2 3"], Choose("", Budget.Fraction(.5)));
        Assert.Equal(["0 1", "2 3", "2 3", "2 3"], Choose("first-longest=true", Budget.Fraction(.5)));
    }

    [Fact]
    public void KvCompose_KnownAnswer5_three_quarters_with_and_without_the_rule_for_the_first_layer()
    {
        Assert.Equal(["0 1 3", "1 2 3", "1 2 3", "1 2 3"], Choose("first-longest=true", Budget.Fraction(.75)));
        Assert.Equal(["0 1", "2 3", "0 1 2 3", "0 1 2 3"], Choose("", Budget.Fraction(.75)));
    }

    [Fact]
    public void KvCompose_KnownAnswer6_the_floor_leaves_no_layer_empty() =>
        Assert.Equal(["0", "2", "3", "3"], Choose("floor=1", Budget.Fraction(.25)));

    [Fact]
    public void KvCompose_KnownAnswer7_unstructured_lanes_compete_one_by_one() =>
        Assert.Equal(["0 1", "2 3", "2 3", "2 3"], Choose("structured=false", Budget.Fraction(.5)));

    [Fact]
    public void Unstructured_lanes_differ_in_length()
    {
        float[][][] scores = [[[.9f, .8f, .7f, .6f], [.1f, .2f, .1f, .1f]], [[.5f, .1f, .1f, .1f], [.3f, .3f, .2f, .1f]]];
        Assert.Equal(["0 1 2 3", "1", "0", "0 1"], Choose("structured=false,smooth=false", Budget.Entries(2), Plain(scores)));
        Assert.Equal(["0 1 2", "0 1 2", "0", "0"], Choose("smooth=false,head=max", Budget.Entries(2), Plain(scores)));
    }

    [Fact]
    public void KvCompose_KnownAnswer8_a_budget_of_nothing_keeps_one_entry_in_each_lane()
    {
        float[][][] scores = [.. Enumerable.Range(0, 2).Select(_ => new[] { new[] { .1f, .2f, .3f, .4f, .9f, .1f, .1f, .1f } })];
        Assert.Equal(["4", "4"], Choose("", Budget.Fraction(.05), Plain(scores)));
    }

    [Fact]
    public void Means_and_maxima_can_be_exchanged()
    {
        // Sums over rows: the mean of the queries. Head 0 of layer 0: q0 .7 .3 .1 .1 and q1 .3 .4 .2 .3.
        Assert.Equal("0", Choose("task=mean,smooth=false", Budget.Entries(1))[0]);
        float[][][] layers = [[[.5f, .3f, .1f, .1f], [.1f, .2f, .3f, .35f]]];
        Assert.Equal(["1"], Choose("smooth=false", Budget.Entries(1), Grouped([.5f, .3f, .1f, .1f], [.0f, .3f, .3f, .35f])));
        Assert.Equal(["0"], Choose("smooth=false,group=max", Budget.Entries(1), Grouped([.5f, .3f, .1f, .1f], [.0f, .3f, .3f, .35f])));
        Assert.Equal(["0", "3"], Choose("smooth=false", Budget.Entries(1), Plain(layers)));
    }

    [Fact]
    public void Values_can_count()
    {
        float[][][] layers = [[[.4f, .3f, .2f, .1f]]];
        Assert.Equal(["0"], Choose("", Budget.Entries(1), Plain(layers)));
        Assert.Equal(["2"], Choose("value-norm=true", Budget.Entries(1), Plain(layers)));
    }

    [Fact]
    public void Lanes_of_a_layer_are_equally_long_and_the_budget_is_spent_exactly()
    {
        Random random = new(4);
        float[][][][] attention = [.. Enumerable.Range(0, 5).Select(_ => Random(random, heads: 4, tokens: 40))];
        foreach (int keep in new[] { 1, 3, 10, 25, 39, 40 })
        {
            string[][] kept = [.. Choose("", Budget.Entries(keep), attention).Select(text => text.Split(' '))];
            Assert.Equal(keep * 5, kept.Where((_, lane) => lane % 2 == 0).Sum(lane => lane.Length));
            for (int layer = 0; layer < 5; layer++)
                Assert.Equal(kept[2 * layer].Length, kept[2 * layer + 1].Length);
            Assert.True(keep is 1 or 40 || kept.Select(lane => lane.Length).Distinct().Count() > 1);
        }
    }

    [Fact]
    public void Exchanging_heads_exchanges_the_result()
    {
        float[][][][] attention = [Random(new Random(9), heads: 4, tokens: 20), Random(new Random(10), heads: 4, tokens: 20)];
        float[][][][] exchanged = [[attention[0][3], attention[0][2], attention[0][1], attention[0][0]], attention[1]];
        string[] before = Choose("", Budget.Entries(7), attention), after = Choose("", Budget.Entries(7), exchanged);
        Assert.Equal([before[1], before[0], before[2], before[3]], after);
        Assert.NotEqual(before[0], before[1]);
    }

    [Fact]
    public void An_entry_that_one_lane_attends_to_stays_in_that_lane_alone()
    {
        float[][][][] attention = [Random(new Random(2), heads: 4, tokens: 50)];
        foreach (float[][] head in attention[0])
            head[0][33] = head[1][33] = 0;
        attention[0][0][0][33] = attention[0][1][0][33] = .4f;
        string[] kept = Choose("smooth=false", Budget.Fraction(.1), attention);
        Assert.Contains("33", kept[0].Split(' '));
        Assert.DoesNotContain("33", kept[1].Split(' '));
    }

    [Fact]
    public void A_later_prompt_smooths_by_position()
    {
        // Lane 0 has dropped position 0 and lane 1 position 1: slot 0 holds another token in each.
        ChosenPolicy policy = PolicyCatalogue.Parse("kvcompose", Budget.Entries(2));
        using KvStore store = Store(policy, layers: 1, kvHeads: 2, group: 1, tokens: 4);
        store[0, 0].Keep([1, 2, 3]);
        store[0, 1].Keep([0, 2, 3]);
        new[] { .10f, .15f, .16f }.CopyTo(store[0, 0].Scores);
        new[] { .50f, .10f, .10f }.CopyTo(store[0, 1].Scores);
        policy.Policy.Start()!.AfterPrompt(Layers(store, group: 1));
        // By position lane 0 has .15 .275 .29; by slot its position 1 would gain from position 0 of lane 1 and have .40.
        Assert.Equal([2, 3], store[0, 0].Positions.ToArray());
        Assert.Equal([0, 3], store[0, 1].Positions.ToArray());
    }

    /// <summary>One row and no groups.</summary>
    private static float[][][][] Plain(float[][][] layers) => [.. layers.Select(layer => layer.SelectMany(head => new[] { new[] { head }, [head] }).ToArray())];

    /// <summary>One layer with one lane of two query heads.</summary>
    private static float[][][][] Grouped(float[] first, float[] second) => [[[first], [second]]];

    private static float[][][] Random(Random random, int heads, int tokens) =>
        [.. Enumerable.Range(0, heads).Select(_ => new[] { RandomRow(random, tokens), RandomRow(random, tokens) })];

    private static float[] RandomRow(Random random, int tokens) => [.. Enumerable.Range(0, tokens).Select(_ => (float)random.NextDouble() / tokens)];

    /// <summary>Plays the observer with recorded attention, two query heads to a lane, and returns the positions kept in each lane.</summary>
    private string[] Choose(string options, Budget keep, float[][][][]? attention = null)
    {
        ChosenPolicy policy = Policy(options, keep);
        using KvStore store = Observed(policy, attention ?? Recorded);
        policy.Policy.Start()!.AfterPrompt(Layers(store, group: 2));
        return [.. store.Lanes.Select(lane => string.Join(' ', lane.Positions.ToArray()))];
    }

    /// <summary>Scores of the recorded attention, [layer][lane][slot].</summary>
    private float[][][] Scores(string options)
    {
        ChosenPolicy policy = Policy(options, Budget.Fraction(.5));
        using KvStore store = Observed(policy, Recorded);
        KvCompose.Options sizes = new() { Smooth = options.Length == 0 };
        return [.. Layers(store, group: 2).Select(layer => KvCompose.Score(layer, sizes, new SelectionBuffers()))];
    }

    private static ChosenPolicy Policy(string options, Budget keep) => PolicyCatalogue.Parse(options.Length == 0 ? "kvcompose" : "kvcompose:" + options, keep);

    /// <summary>Plays the observer with attention that was recorded, two query heads to a lane.</summary>
    private KvStore Observed(ChosenPolicy policy, float[][][][] attention)
    {
        int kvHeads = attention[0].Length / 2, tokens = attention[0][0][0].Length;
        KvStore store = Store(policy, attention.Length, kvHeads, group: 2, tokens);
        bool maximum = policy.Policy.Needs.Observer!.Maximum;
        for (int layer = 0; layer < attention.Length; layer++)
        {
            for (int head = 0; head < attention[layer].Length; head++)
            {
                Span<float> scores = store[layer, head / 2].ScoresOf(head % 2);
                foreach (float[] row in attention[layer][head])
                {
                    for (int token = 0; token < tokens; token++)
                        scores[token] = maximum ? MathF.Max(scores[token], row[token]) : scores[token] + row[token];
                }
            }
        }

        return store;
    }

    /// <summary>Values grow: that of position p is (p + 1)², so that scores times lengths turn round.</summary>
    private KvStore Store(ChosenPolicy policy, int layers, int kvHeads, int group, int tokens)
    {
        PolicyNeeds needs = policy.Policy.Needs;
        KvStore store = new(new KvLayout(layers, kvHeads, _pool.Format, needs.AllFields, needs.Observer!.Channels(group)), _pool);
        using EntryWriter writer = new(_team, _pool.Format);
        float[] values = [.. Enumerable.Range(0, tokens * kvHeads).SelectMany(row => new float[] { 0, (row / kvHeads + 1) * (row / kvHeads + 1) })];
        for (int layer = 0; layer < layers; layer++)
        {
            for (int head = 0; head < kvHeads; head++)
                store[layer, head].Extend(tokens, 0);
            LaneView[] views = [.. Enumerable.Range(0, kvHeads).Select(head => store[layer, head].View)];
            writer.Write(views, new float[values.Length * group], new float[values.Length], values, tokens, [0], null, default);
        }

        store.Advance(tokens);
        store.PromptLength = tokens;
        return store;
    }

    private LayerCache[] Layers(KvStore store, int group)
    {
        int kvHeads = store.Layout.KvHeads;
        AttentionShape shape = new() { QueryHeads = kvHeads * group, KvHeads = kvHeads, HeadDim = 2, Scale = 1 };
        return [.. Enumerable.Range(0, store.Layout.Layers).Select(layer => new LayerCache(layer, shape, store, null, _attention, null, contextLength: 4096))];
    }
}
