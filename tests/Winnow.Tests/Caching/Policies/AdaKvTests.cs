using FsCheck;
using FsCheck.Fluent;
using Winnow.Caching;

namespace Winnow.Tests.Caching.Policies;

public sealed class AdaKvTests
{
    private const float Must = float.PositiveInfinity;
    private static readonly float[] s_spread = [.30f, .28f, .26f, .24f, .22f, .20f];
    private static readonly float[] s_peaked = [.90f, .05f, .04f, .03f, .02f, .01f];

    [Theory]
    [InlineData("0", new[] { 0, 1, 2, 3, 4 }, new[] { 0 })]
    [InlineData("0.5", new[] { 0, 1, 2, 3, 4 }, new[] { 0 })]
    [InlineData("0.7", new[] { 0, 1, 2, 3 }, new[] { 0, 1 })]
    [InlineData("1", new[] { 0, 1, 2 }, new[] { 0, 1, 2 })]
    public void AdaKv_KnownAnswer1_a_spread_head_takes_what_a_peaked_one_does_not_need_above_the_floor(string floor, int[] spread, int[] peaked)
    {
        using PolicyBench bench = new StubScores(Budget.Entries(3), s_spread, s_peaked).Bench("adakv", $":floor={floor}");
        Assert.Equal(spread, bench.Kept(0));
        Assert.Equal(peaked, bench.Kept(1));
    }

    [Fact]
    public void AdaKv_KnownAnswer2_the_floor_is_a_fifth_by_default()
    {
        float[] high = [.9f, .9f, .9f, .9f, .9f, .9f, .9f, .9f, .9f, .9f, .9f, .9f], low = [.1f, .1f, .1f, .1f, .1f, .1f, .1f, .2f, .1f, .1f, .3f, .1f];
        using PolicyBench bench = new StubScores(Budget.Entries(6), high, low).Bench("adakv");
        // ⌊0.2 · 6⌋ = 1 entry is safe.
        Assert.Equal(11, bench.Kept(0).Length);
        Assert.Equal([10], bench.Kept(1));
    }

    [Fact]
    public void Entries_that_must_stay_stay_in_every_lane()
    {
        float[] high = [.9f, .9f, .9f, .9f, .9f, Must], low = [Must, 0, 0, 0, Must, Must];
        using PolicyBench bench = new StubScores(Budget.Entries(3), high, low).Bench("adakv");
        Assert.Equal([0, 1, 5], bench.Kept(0));
        Assert.Equal([0, 4, 5], bench.Kept(1));
    }

    [Fact]
    public void Lanes_share_exactly_the_layers_budget_and_none_falls_below_its_floor()
    {
        var cases =
            from seed in Gen.Choose(0, 1_000_000)
            from lanes in Gen.Choose(1, 5)
            from budget in Gen.Choose(2, 40)
            from floor in Gen.Choose(0, 10)
            select (seed, lanes, budget, floor);
        Check.One(Config.QuickThrowOnFailure.WithMaxTest(200), Prop.ForAll(cases.ToArbitrary(), c =>
        {
            Random random = new(c.seed);
            float[][] scores = [.. Enumerable.Range(0, c.lanes).Select(lane => Enumerable.Range(0, 40).Select(_ => (float)random.NextDouble() * (lane + 1)).ToArray())];
            using PolicyBench bench = new StubScores(Budget.Entries(c.budget), scores).Bench("adakv", FormattableString.Invariant($":floor={c.floor / 10.0}"));
            int[] lengths = [.. Enumerable.Range(0, c.lanes).Select(lane => bench.Kept(lane).Length)];
            Assert.Equal(c.lanes * c.budget, lengths.Sum());
            Assert.All(lengths, length => Assert.InRange(length, (int)(c.floor / 10.0 * c.budget), 40));
        }));
    }

    [Fact]
    public void Lanes_within_the_budget_together_are_left_alone_however_large_it_is()
    {
        using PolicyBench bench = new StubScores(Budget.Entries(int.MaxValue), s_spread, s_peaked).Bench("adakv");
        Assert.Equal(6, bench.Kept(0).Length);
        Assert.Equal(6, bench.Kept(1).Length);
    }

    [Fact]
    public void What_is_generated_stays()
    {
        using PolicyBench bench = new StubScores(Budget.Entries(3), s_spread, s_peaked).Bench("adakv");
        bench.Step();
        Assert.Equal([0, 1, 2, 3, 4, 6], bench.Kept(0));
        Assert.Equal([0, 6], bench.Kept(1));
    }

    [Fact]
    public void A_model_goes_on_with_lanes_of_different_lengths_and_so_does_its_fork()
    {
        using TinyLlamaFile file = new();
        using LanguageModel model = file.Load();
        using Sequence sequence = model.CreateSequence(PolicyCatalogue.Parse("adakv(snapkv):floor=0.1", Budget.Parse("25%")));
        sequence.Prefill(TinyLlamaFile.Tokens(400));
        for (int layer = 0; layer < TinyLlamaFile.Layers; layer++)
        {
            Assert.NotEqual(sequence.Cache[layer, 0].Length, sequence.Cache[layer, 1].Length);
            Assert.Equal(200, sequence.Cache[layer, 0].Length + sequence.Cache[layer, 1].Length);
        }

        using Sequence fork = sequence.Fork();
        for (int token = 10; token < 30; token++)
            Assert.Equal(sequence.Decode(token).ToArray(), fork.Decode(token).ToArray());
    }
}
