using FsCheck;
using FsCheck.Fluent;
using Winnow.Caching;
using Winnow.Caching.Policies;
using Winnow.Caching.Storage;
using Winnow.Tokenization;

namespace Winnow.Tests.Caching.Policies;

public sealed class FastGenTests : IDisposable
{
    private const double Close = 1e-5;
    private static readonly float[][] HeadA = [[1], .. Enumerable.Range(1, 5).Select(row => Row(row + 1, (0, .96f), (row, .04f)))];
    private static readonly float[][] HeadB = [[1], [.95f, .05f], [.95f, 0, .05f], [.5f, 0, 0, .5f], [.5f, 0, 0, .45f, .05f], [.5f, 0, 0, .45f, 0, .05f]];

    private static readonly float[][] HeadC =
        [[1], [.6f, .4f], [.5f, .4f, .1f], [.4f, .4f, .05f, .15f], [.35f, .45f, .05f, .1f, .05f], [.3f, .5f, .02f, .1f, .03f, .05f]];

    private static readonly float[][] HeadD =
        [[1], [.2f, .8f], [.2f, .1f, .7f], [.1f, .05f, .1f, .75f], [.15f, .02f, .03f, .1f, .7f], [.1f, .03f, .02f, .1f, .05f, .7f]];

    private static readonly float[][] Uniform = [.. Enumerable.Range(1, 6).Select(n => Enumerable.Repeat(1f / n, n).ToArray())];
    private readonly TinyLlamaFile _file = new();
    private readonly LanguageModel _model;

    public FastGenTests() => _model = _file.Load();

    public void Dispose()
    {
        _model.Dispose();
        _file.Dispose();
    }

    [Fact]
    public void FastGen_KnownAnswer1_special_tokens_suffice()
    {
        using PolicyBench bench = Prompt(.95, HeadA);
        Assert.Equal([0], bench.Kept());
        Assert.Equal(.966667, Profile(HeadA).Coverage(KeepRule.Special), Close);
    }

    [Fact]
    public void FastGen_KnownAnswer2_punctuation_too()
    {
        using PolicyBench bench = Prompt(.95, HeadB);
        Assert.Equal([0, 3], bench.Kept());
        AssertCoverage(Profile(HeadB), .733333, .966667);
    }

    [Fact]
    public void FastGen_KnownAnswer3_frequent_tokens_too()
    {
        using PolicyBench bench = Prompt(.95, HeadC);
        Assert.Equal([0, 1, 2, 3], bench.Kept());
        AssertCoverage(Profile(HeadC), .525, .583333, .978333);
    }

    [Theory]
    [InlineData(.5, KeepRule.Frequent)]
    [InlineData(.7, KeepRule.Frequent)]
    [InlineData(.8, KeepRule.Local)]
    [InlineData(.9, KeepRule.Local)]
    [InlineData(.98, KeepRule.Local)]
    public void FastGen_KnownAnswer4_a_local_window_too(double target, KeepRule rule)
    {
        AssertCoverage(Profile(HeadD), .291667, .45, .758333, .991667);
        Assert.Equal(rule, Profile(HeadD).Cheapest(target));
        using PolicyBench bench = Prompt(.95, HeadD);
        Assert.Equal([0, 1, 2, 3, 5], bench.Kept());
    }

    [Fact]
    public void FastGen_KnownAnswer5_uniform_attention_ends_with_everything()
    {
        AssertCoverage(Profile(Uniform), .408333, .511111, .911111, .972222, 1);
        Assert.Equal(KeepRule.Local, Profile(Uniform).Cheapest(.95));
        Assert.Equal(KeepRule.Full, Profile(Uniform).Cheapest(.98));
        using PolicyBench bench = Prompt(.98, Uniform);
        Assert.Equal(6, bench.Kept().Length);
    }

    [Fact]
    public void FastGen_KnownAnswer6_the_mass_kept_is_what_renormalising_moves()
    {
        float[] row = [.3f, .5f, .02f, .1f, .03f, .05f];
        using PolicyBench bench = Bench(.5);
        bench.Prefill(6, observe: () =>
        {
            bench.Flag(0, TokenKinds.Special);
            bench.Flag(1, TokenKinds.Punctuation);
            bench.Flag(3, TokenKinds.Punctuation);
            bench.AddRows([row], window: 1, first: 5);
        });
        Assert.Equal([0, 1, 3], bench.Kept());
        double retained = bench.Kept().Sum(position => (double)row[position]);
        double moved = row.Select((p, position) => Math.Abs(p - (bench.Kept().Contains(position) ? p / retained : 0))).Sum();
        Assert.Equal(.9, retained, Close);
        Assert.Equal(2 * (1 - retained), moved, Close);
    }

    [Fact]
    public void FastGen_Property7_a_target_of_all_equals_the_full_cache_to_the_last_bit()
    {
        using Sequence full = Create("full", "100%"), guided = Create("fastgen:target=1", "10%");
        Assert.Equal(full.Prefill(TinyLlamaFile.Tokens(300)).ToArray(), guided.Prefill(TinyLlamaFile.Tokens(300)).ToArray());
        for (int token = 20; token < 60; token++)
            Assert.Equal(full.Decode(token).ToArray(), guided.Decode(token).ToArray());
        Assert.Equal(full.Cache.Entries, guided.Cache.Entries);
    }

    [Fact]
    public void FastGen_Property8_a_costlier_rule_covers_more_and_a_higher_target_costs_more()
    {
        Gen<float[][]> heads = Gen.Choose(0, int.MaxValue).Select(seed => RandomHead(new System.Random(seed), 12));
        Prop.ForAll(heads.ToArbitrary(), rows =>
        {
            RuleProfile profile = Profile(rows);
            for (KeepRule rule = KeepRule.Punctuation; rule <= KeepRule.Full; rule++)
            {
                if (profile.Coverage(rule) < profile.Coverage(rule - 1) || profile.Entries(rule) < profile.Entries(rule - 1))
                    return false;
            }

            KeepRule[] chosen = [.. Enumerable.Range(1, 20).Select(step => profile.Cheapest(step / 20.0))];
            return chosen.Zip(chosen.Skip(1)).All(pair => pair.First <= pair.Second);
        }).QuickCheckThrowOnFailure();
    }

    [Theory]
    [InlineData("target=0.3")]
    [InlineData("target=0.8")]
    [InlineData("keep=10%")]
    [InlineData("keep=40%")]
    public void FastGen_Property10_special_tokens_never_leave(string option)
    {
        using Sequence sequence = Create("fastgen:" + option, "25%");
        int[] prompt = TinyLlamaFile.Tokens(300);
        prompt[0] = prompt[90] = prompt[200] = 1;
        sequence.Prefill(prompt);
        for (int token = 0; token < 60; token++)
            sequence.Decode(token == 30 ? 2 : token + 10);
        foreach (Lane lane in Lanes(sequence))
            Assert.Subset(lane.Positions.ToArray().ToHashSet(), new HashSet<int> { 0, 90, 200, 330 });
        Assert.True(sequence.Cache.Entries < 360 * sequence.Cache.Layout.Lanes);
    }

    [Fact]
    public void FastGen_Property10_and_11_punctuation_stays_and_other_tokens_pass_through()
    {
        using PolicyBench special = Prompt(.95, HeadA), punctuation = Prompt(.95, HeadB), full = Prompt(.99, Uniform);
        foreach (PolicyBench bench in new[] { special, punctuation, full })
        {
            for (int token = 6; token < 16; token++)
                bench.Step(() => bench.Flag(token, token == 8 ? TokenKinds.Punctuation : token == 9 ? TokenKinds.Special : TokenKinds.None));
        }

        // The newest one leaves only before the next attends.
        Assert.Equal([0, 9, 15], special.Kept());
        Assert.Equal([0, 3, 8, 9, 15], punctuation.Kept());
        Assert.Equal(Enumerable.Range(0, 16), full.Kept());
    }

    [Fact]
    public void Frequent_tokens_compete_for_their_share_of_the_growing_text()
    {
        using PolicyBench bench = Prompt(.95, HeadC);
        Assert.Equal([0, 1, 2, 3], bench.Kept());
        // 0.3 of 7 tokens makes room for a third frequent one.
        bench.Step(() => bench.AddRow(.3f, .3f, .02f, .1f, .28f));
        bench.Step(() => bench.AddRow(.3f, .2f, 0, .1f, .1f, .3f));
        Assert.Equal([0, 1, 2, 3, 6, 7], bench.Kept());
        // After 8 tokens there are four (1, 2, 6, 7) for three places; 2 has 0.24, 6 has 0.38, 7 has 0.30.
        bench.Step();
        Assert.Equal([0, 1, 3, 6, 7, 8], bench.Kept());
    }

    [Fact]
    public void The_local_window_slides_over_what_is_generated()
    {
        using PolicyBench bench = Bench(.95, local: .5, frequent: .1);
        float[][] rows = [.. Enumerable.Range(0, 6).Select(row => Row(row + 1, (row, .5f), (Math.Max(0, row - 1), .5f)))];
        bench.Prefill(6, observe: () =>
        {
            bench.Flag(0, TokenKinds.Special);
            bench.AddRows(rows, window: 3);
        });
        Assert.Equal([0, 1, 3, 4, 5], bench.Kept());
        for (int token = 6; token < 10; token++)
            bench.Step(() => bench.AddRow(.9f, .1f));
        // At the end of token 8 the window holds 6, 7 and 8, and the one frequent token is 1.
        Assert.Equal([0, 1, 6, 7, 8, 9], bench.Kept());
    }

    [Fact]
    public void The_worst_served_head_of_a_group_decides_unless_the_mean_does()
    {
        Assert.Equal([0, 3], Pair(FastGen.GroupCoverage.Min));
        Assert.Equal([0], Pair(FastGen.GroupCoverage.Mean));

        static int[] Pair(FastGen.GroupCoverage group)
        {
            using PolicyBench bench = new(new FastGen(new FastGen.Options { Target = .84, Group = group }), group: 2);
            bench.Prefill(6, observe: () =>
            {
                bench.Flag(0, TokenKinds.Special);
                bench.Flag(3, TokenKinds.Punctuation);
                bench.AddRows(HeadA, window: 1, queryHead: 0);
                bench.AddRows(HeadB, window: 1, queryHead: 1);
            });
            return bench.Kept();
        }
    }

    [Fact]
    public void Without_special_tokens_the_first_one_stands_in()
    {
        using PolicyBench bench = Bench(.95);
        bench.Prefill(6, observe: () => bench.AddRows(HeadA, window: 1));
        Assert.Equal([0], bench.Kept());
        bench.Step();
        bench.Step();
        Assert.Equal([0, 7], bench.Kept());
    }

    [Fact]
    public void Frequent_tokens_without_limit_are_the_full_cache()
    {
        using PolicyBench bench = Bench(.6, frequent: 1);
        bench.Prefill(6, observe: () => bench.AddRows(Uniform, window: 1));
        for (int token = 0; token < 5; token++)
            bench.Step();
        Assert.Equal(11, bench.Kept().Length);
    }

    [Fact]
    public void A_mean_over_visible_queries_takes_the_head_start_of_early_tokens_away()
    {
        // Columns 1.9, 1.2, 0 (special) and 0.9; seen by 4, 3, 2 and 1 queries.
        float[][] rows = [[1], [.4f, .6f], [.4f, .6f, 0], [.1f, 0, 0, .9f]];
        Assert.Equal([0, 2], Kept(H2O.ScoreNorm.Sum));
        Assert.Equal([2, 3], Kept(H2O.ScoreNorm.MeanOverVisible));

        int[] Kept(H2O.ScoreNorm norm)
        {
            using PolicyBench bench = Bench(.2, frequent: .25, norm: norm);
            bench.Prefill(4, observe: () =>
            {
                bench.Flag(2, TokenKinds.Special);
                bench.AddRows(rows, window: 1);
            });
            return bench.Kept();
        }
    }

    [Theory]
    [InlineData("target=0.7")]
    [InlineData("keep=30%")]
    [InlineData("keep=60KiB")]
    public void A_second_prompt_is_profiled_anew(string option)
    {
        using Sequence sequence = Create("fastgen:" + option, "25%");
        sequence.Prefill(TinyLlamaFile.Tokens(300));
        for (int token = 0; token < 20; token++)
            sequence.Decode(token + 10);
        int[][] before = [.. Lanes(sequence).Select(lane => lane.Positions.ToArray())];
        sequence.Prefill(TinyLlamaFile.Tokens(100, seed: 5));
        foreach ((Lane lane, int[] earlier) in Lanes(sequence).Zip(before))
            Assert.All(lane.Positions.ToArray(), position => Assert.True(position >= 320 || earlier.Contains(position)));
        Assert.All(sequence.Decode(44).ToArray(), logit => Assert.True(float.IsFinite(logit)));
        if (option == "keep=30%")
            Assert.InRange(sequence.Cache.Entries - sequence.Cache.Layout.Lanes, 1, 126L * sequence.Cache.Layout.Lanes);
        if (option == "keep=60KiB")
            Assert.InRange(sequence.Cache.KvBytes, 1, (60 << 10) + (long)sequence.Cache.Layout.Lanes * sequence.Cache.Layout.Format.PayloadBytes);
    }

    [Fact]
    public void An_exported_sequence_goes_on_by_its_rules()
    {
        using Sequence sequence = Create("fastgen", "25%");
        sequence.Prefill(TinyLlamaFile.Tokens(300));
        using MemoryStream stream = new();
        sequence.Export(stream);
        stream.Position = 0;
        using Sequence copy = _model.ImportSequence(stream, PolicyCatalogue.Parse("fastgen", Budget.Parse("25%")));
        for (int token = 10; token < 50; token++)
            Assert.Equal(sequence.Decode(token).ToArray(), copy.Decode(token).ToArray());
        Assert.Equal(sequence.Cache.Entries, copy.Cache.Entries);
    }

    [Fact]
    public void A_budget_becomes_the_highest_target_that_fits_and_upgrades_with_the_rest()
    {
        RuleProfile easy = Lane((.95, 1), (.96, 3), (.97, 5), (.98, 8), (1, 10)), hard = Lane((.1, 1), (.3, 3), (.7, 5), (.9, 8), (1, 10));
        // A target of 0.9 costs 1 + 8; of 0.7, 1 + 5.
        Assert.Equal([KeepRule.Special, KeepRule.Local], RuleAssignment.Within([easy, hard], 9));
        // 0.7 leaves 2 over: enough for one lane's punctuation.
        Assert.Equal([KeepRule.Punctuation, KeepRule.Frequent], RuleAssignment.Within([easy, hard], 8));
        Assert.Equal([KeepRule.Full, KeepRule.Full], RuleAssignment.Within([easy, hard], 20));
        // Less than the cheapest rules need: they are used all the same.
        Assert.Equal([KeepRule.Special, KeepRule.Special], RuleAssignment.Within([easy, hard], 1));

        static RuleProfile Lane(params (double Coverage, int Entries)[] rules)
        {
            RuleProfile profile = new();
            for (int rule = 0; rule < rules.Length; rule++)
                profile.Set((KeepRule)rule, rules[rule].Coverage, rules[rule].Entries);
            return profile;
        }
    }

    private static float[] Row(int length, params (int Column, float Value)[] cells)
    {
        float[] row = new float[length];
        foreach ((int column, float value) in cells)
            row[column] += value;
        return row;
    }

    private static float[][] RandomHead(System.Random random, int tokens) => [.. Enumerable.Range(1, tokens).Select(length =>
    {
        float[] row = [.. Enumerable.Range(0, length).Select(_ => MathF.Pow(random.NextSingle(), 6) + 1e-4f)];
        float sum = row.Sum();
        return row.Select(value => value / sum).ToArray();
    })];

    private static PolicyBench Bench(double target, double? frequent = null, double? local = null, H2O.ScoreNorm norm = H2O.ScoreNorm.Sum) =>
        new(new FastGen(new FastGen.Options { Target = target, Frequent = frequent, Local = local, Norm = norm }));

    private static PolicyBench Prompt(double target, float[][] rows)
    {
        PolicyBench bench = Bench(target);
        bench.Prefill(rows.Length, observe: () => Observe(bench, rows));
        return bench;
    }

    private static void Observe(PolicyBench bench, float[][] rows)
    {
        bench.Flag(0, TokenKinds.Special);
        bench.Flag(3, TokenKinds.Punctuation);
        bench.AddRows(rows, window: Math.Max(1, rows.Length * 3 / 10));
    }

    private static RuleProfile Profile(float[][] rows)
    {
        RuleProfile? profile = null;
        using PolicyBench bench = Bench(1);
        bench.Prefill(rows.Length, observe: () =>
        {
            Observe(bench, rows);
            profile = new RuleProfiler(new RuleSizes(.3, Math.Max(1, rows.Length * 3 / 10), 0, false)).Profile(bench.Layer, bench.Lane, mean: false);
        });
        return profile!;
    }

    private static void AssertCoverage(RuleProfile profile, params double[] coverages)
    {
        for (int rule = 0; rule < coverages.Length; rule++)
            Assert.Equal(coverages[rule], profile.Coverage((KeepRule)rule), Close);
    }

    private static IEnumerable<Lane> Lanes(Sequence sequence) => Enumerable.Range(0, TinyLlamaFile.Layers)
        .SelectMany(layer => Enumerable.Range(0, TinyLlamaFile.KvHeads).Select(head => sequence.Cache[layer, head]));

    private Sequence Create(string policy, string keep) => _model.CreateSequence(PolicyCatalogue.Parse(policy, Budget.Parse(keep)));
}
