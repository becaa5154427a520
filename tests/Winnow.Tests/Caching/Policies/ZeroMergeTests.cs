using FsCheck;
using FsCheck.Fluent;
using Winnow.Caching;
using Winnow.Caching.Policies;
using Winnow.Caching.Storage;
using Winnow.Kernels.Attention;
using Winnow.Kernels.Threading;

namespace Winnow.Tests.Caching.Policies;

public sealed class ZeroMergeTests
{
    private static readonly float[][] PromptKeys = [[1, 0], [0, 1], [1, 1], [2, 0], [0, 2], [1, -1], [.5f, .5f], [1, 2]];
    private static readonly float[] PromptScores = [1.5f, .2f, .9f, .1f, .3f, .25f, .15f, .05f];

    [Fact]
    public void ZeroMerge_KnownAnswerA1_leftovers_of_the_prompt_become_one_residual_entry()
    {
        using PolicyBench bench = Bench(alpha: 1);
        PromptA(bench);
        Assert.Equal([0, 1, 2, 6, 7], bench.Kept());
        AssertEntry(bench.Lane, position: 1, [.75f, .5f], 4.25f, weight: 4, score: .3f);
        AssertEntry(bench.Lane, position: 0, [1, 0], 1, weight: 1, score: 1.5f);
        AssertEntry(bench.Lane, position: 7, [1, 2], 8, weight: 1, score: .05f);
    }

    [Theory]
    [InlineData(0f, new[] { .140289f, .140289f, .199788f, .117557f, .284521f, .117557f }, 5.492961f)]
    [InlineData(.6f, new[] { .272670f, .118686f, .169024f, .099455f, .240710f, .099455f }, 5.301566f)]
    [InlineData(1f, new[] { .394938f, .098735f, .140610f, .082736f, .200245f, .082736f }, 5.124791f)]
    public void ZeroMerge_KnownAnswerA2_a_merged_entry_weighs_more(float alpha, float[] expected, float output)
    {
        using PolicyBench bench = Bench(alpha);
        PromptA(bench);
        (float[] probabilities, float value) = ([], 0);
        StepA(bench, () => (probabilities, value) = Attend(bench, [1, .5f], 1 / MathF.Sqrt(2)));
        // The residual entry stands in the slot of its first member, position 1.
        H2OTests.AssertClose([expected[1], expected[0], .. expected[2..]], probabilities);
        Assert.Equal(output, value, 1e-5f);
    }

    [Fact]
    public void ZeroMerge_KnownAnswerA3_the_lightest_entry_is_merged_and_the_tail_moves_on()
    {
        using PolicyBench bench = Bench(alpha: 1);
        PromptA(bench);
        StepA(bench, () => Observe(bench, Attend(bench, [1, .5f], 1 / MathF.Sqrt(2)).Probabilities));
        Assert.Equal([0, 1, 2, 7, 8], bench.Kept());
        AssertEntry(bench.Lane, position: 1, [.7f, .5f], 4.8f, weight: 5, score: .688938f);
        AssertEntry(bench.Lane, position: 0, [1, 0], 1, weight: 1, score: 1.568735f);
        AssertEntry(bench.Lane, position: 2, [1, 1], 3, weight: 1, score: 1.022610f);
        AssertEntry(bench.Lane, position: 7, [1, 2], 8, weight: 1, score: .249245f);
        AssertEntry(bench.Lane, position: 8, [0, 1.5f], 9, weight: 1, score: .082736f);
        Assert.Equal(9, bench.Lane.Weights.ToArray().Sum());
    }

    [Theory]
    [InlineData(.5f, new[] { .65f, .60f, .50f })]
    [InlineData(.98f, new[] { 1.5524f, .8880f, .5000f })]
    public void ZeroMerge_KnownAnswerB_scores_of_the_prompt_decay(float decay, float[] expected)
    {
        // Logits whose softmax gives the rows [1], [.4 .6], [.2 .3 .5]: one key channel for each row.
        float[] queries = new float[9], keys = [0, MathF.Log(.4f), MathF.Log(.2f), 0, MathF.Log(.6f), MathF.Log(.3f), 0, 0, MathF.Log(.5f)];
        for (int row = 0; row < 3; row++)
            queries[row * 3 + row] = 1;
        Assert.Equal(expected, DecayedSums(queries, keys, decay), (a, b) => MathF.Abs(a - b) < 1e-5f);
    }

    [Theory]
    [InlineData(1f, 4.147827f)]
    [InlineData(.6f, 4.633442f)]
    [InlineData(0f, 5.593079f)]
    public void ZeroMerge_KnownAnswerC_identical_keys_merge_without_loss_at_alpha_1(float alpha, float expected)
    {
        using PolicyBench full = new(PolicyCatalogue.Parse("zeromerge", Budget.Entries(9)).Policy), merged = Bench(alpha);
        Fill(full, [[1, .5f], [1, .5f], [1, .5f], [0, 1]], [1, 2, 6, 10]);
        Assert.Equal(4.147827f, Attend(full, [1, .5f], 1 / MathF.Sqrt(2)).Output, 1e-5f);
        Fill(merged, [[1, .5f], [0, 1]], [3, 10]);
        merged.Lane.Replace(0, [1, .5f], [3, 0], 3, new ZeroMerge.Options { Alpha = alpha }.Bias(3));
        Assert.Equal(expected, Attend(merged, [1, .5f], 1 / MathF.Sqrt(2)).Output, 1e-5f);
    }

    [Fact]
    public void ZeroMerge_KnownAnswerD_merging_raises_the_weight_of_the_others()
    {
        using PolicyBench full = Bench(alpha: 1), merged = Bench(alpha: 1);
        Fill(full, [[2, 0], [0, 1], [1, 1]], [0, 0, 0]);
        Fill(merged, [[1, .5f], [1, 1]], [0, 0]);
        merged.Lane.Replace(0, [1, .5f], [0, 0], 2, MathF.Log(2));
        Assert.Equal(.342796f, Attend(full, [1, .5f], 1 / MathF.Sqrt(2)).Probabilities[2], 1e-5f);
        Assert.Equal(.373701f, Attend(merged, [1, .5f], 1 / MathF.Sqrt(2)).Probabilities[1], 1e-5f);
    }

    [Fact]
    public void Weights_add_up_to_the_tokens_seen_and_only_residual_entries_merge() =>
        Check.QuickThrowOnFailure(Prop.ForAll(Gen.Choose(1, 1000).ToArbitrary(), seed =>
        {
            Random random = new(seed);
            int residuals = random.Next(1, 4), budget = random.Next(8, 30);
            string seeded = random.Next(2) == 0 ? "first" : "protect-sink";
            using PolicyBench bench = new(PolicyCatalogue.Parse($"zeromerge:residual={residuals},seed={seeded}", Budget.Entries(budget)).Policy);
            RandomPrompt(bench, random, random.Next(1, 60));
            for (int step = 0; step < 60; step++)
            {
                RandomStep(bench, random);
                RequireConservation(bench, residuals, budget);
            }

            RandomPrompt(bench, random, 40);
            RequireConservation(bench, residuals, budget);
            Assert.Equal(budget, bench.Lane.Length);
        }));

    [Fact]
    public void A_residual_entry_stays_within_the_range_of_its_members()
    {
        Random random = new(5);
        using PolicyBench bench = new(PolicyCatalogue.Parse("zeromerge:residual=2", Budget.Entries(12)).Policy);
        RandomPrompt(bench, random, 40);
        for (int step = 0; step < 100; step++)
            RandomStep(bench, random);
        for (int slot = 0; slot < bench.Lane.Length; slot++)
        {
            float[] key = new float[2];
            bench.Lane.ReadKey(slot, key);
            Assert.All(key, channel => Assert.InRange(channel, -1, 1));
            if (bench.Lane.Weights[slot] > 30)
                Assert.All(key, channel => Assert.InRange(channel, -.5f, .5f));
        }
    }

    [Fact]
    public void Nothing_that_stays_alone_loses_attention_to_a_merge()
    {
        Random random = new(11);
        for (int trial = 0; trial < 50; trial++)
        {
            float[][] keys = [.. Enumerable.Range(0, 20).Select(_ => new[] { (float)random.NextDouble() * 4 - 2, (float)random.NextDouble() * 4 - 2 })];
            using PolicyBench full = Bench(alpha: 1, budget: 20), merged = Bench(alpha: 1, budget: 8);
            Fill(full, keys, new float[20]);
            Fill(merged, keys, new float[20]);
            float[] query = [(float)random.NextDouble() * 4 - 2, (float)random.NextDouble() * 4 - 2];
            float[] before = Attend(full, query, 1).Probabilities, after = Attend(merged, query, 1).Probabilities;
            int[] kept = merged.Kept();
            Assert.Equal(8, kept.Length);
            for (int i = 0; i < kept.Length; i++)
                Assert.True(merged.Lane.Flags[i] != 0 || after[i] >= before[kept[i]] - 1e-6f);
        }
    }

    [Fact]
    public void The_first_tokens_become_residual_when_an_answer_outgrows_the_budget()
    {
        using PolicyBench bench = Bench(alpha: 1);
        Fill(bench, PromptKeys[..5], [1, 2, 3, 4, 5], [9, 1, 5, 2, 3]);
        StepA(bench, null);
        Assert.Equal([0, 2, 3, 4, 5], bench.Kept());
        AssertEntry(bench.Lane, position: 0, [.5f, .5f], 1.5f, weight: 2, score: .98f * 9);
    }

    [Fact]
    public void Protecting_the_sink_makes_the_first_that_leave_residual()
    {
        using PolicyBench bench = Bench(alpha: 1, seed: ZeroMerge.ResidualSeed.ProtectSink);
        Fill(bench, PromptKeys[..5], [1, 2, 3, 4, 5], [9, 1, 5, 2, 3]);
        StepA(bench, null);
        Assert.Equal([0, 1, 2, 4, 5], bench.Kept());
        AssertEntry(bench.Lane, position: 0, [1, 0], 1, weight: 1, score: .98f * 9);
        AssertEntry(bench.Lane, position: 1, [1, .5f], 3, weight: 2, score: .98f * 2);
    }

    [Theory]
    [InlineData(ZeroMerge.KeySimilarity.Dot, 1)]
    [InlineData(ZeroMerge.KeySimilarity.Distance, 0)]
    public void The_similarity_decides_where_an_entry_goes(ZeroMerge.KeySimilarity similarity, int residual)
    {
        ZeroMerge.Options options = new() { Keep = Budget.Entries(6), Tail = new(2), Residuals = new(2), Similarity = similarity };
        using PolicyBench bench = new(new ZeroMerge(options));
        Fill(bench, [[1, 1], [9, 0], [1, 0], [0, 5], [0, 6], [0, 7]], [1, 2, 3, 4, 5, 6], [9, 9, 1, 9, 9, 9]);
        StepA(bench, null);
        Assert.Equal([0, 1, 3, 4, 5, 6], bench.Kept());
        Assert.Equal(2, bench.Lane.Weights[bench.Lane.Positions.IndexOf(residual)]);
    }

    [Fact]
    public void What_the_window_has_passed_is_dropped_and_not_merged()
    {
        using PolicyBench bench = new(new ZeroMerge(new ZeroMerge.Options { Keep = Budget.Entries(5), Tail = new(2) }), window: 5);
        PromptA(bench);
        // Of the leftovers 1, 3, 4 and 5 the next query, at 8, sees 4 and 5.
        Assert.Equal([0, 2, 4, 6, 7], bench.Kept());
        AssertEntry(bench.Lane, position: 4, [.5f, .5f], 5.5f, weight: 2, score: .3f);
        // Entry 6 is the lightest and in sight. Entry 0, made the lightest, is not.
        StepA(bench, null);
        Assert.Equal([0, 2, 4, 7, 8], bench.Kept());
        Assert.Equal(3, bench.Lane.Weights[bench.Lane.Positions.IndexOf(4)]);
        bench.Lane.Scores[bench.Lane.Positions.IndexOf(0)] = 0;
        StepA(bench, null);
        Assert.Equal([2, 4, 7, 8, 9], bench.Kept());
        Assert.Equal(3, bench.Lane.Weights[bench.Lane.Positions.IndexOf(4)]);
    }

    [Fact]
    public void Scores_of_merged_entries_can_be_added()
    {
        ZeroMerge.Options options = new() { Keep = Budget.Entries(5), Tail = new(2), Score = ZeroMerge.MergedScore.Sum };
        using PolicyBench bench = new(new ZeroMerge(options));
        PromptA(bench);
        AssertEntry(bench.Lane, position: 1, [.75f, .5f], 4.25f, weight: 4, score: .85f);
    }

    [Theory]
    [InlineData(0.1, 1, 100, 10, 1, 89)]
    [InlineData(0.4, 0.02, 204, 81, 2, 121)]
    [InlineData(0.1, 1, 4, 2, 1, 1)]
    [InlineData(50, 1, 20, 18, 1, 1)]
    [InlineData(2, 50, 20, 2, 17, 1)]
    [InlineData(0.5, 0, 10, 5, 0, 5)]
    public void A_budget_is_split_with_room_for_each_part(
        double tail, double residuals, int budget, int expectedTail, int expectedResiduals, int expectedChosen)
    {
        ZeroMerge.Options options = new() { Tail = new(tail), Residuals = new(residuals) };
        Assert.Equal((expectedTail, expectedResiduals, expectedChosen), options.Split(budget));
    }

    [Fact]
    public void A_share_that_is_neither_count_nor_part_is_refused()
    {
        WinnowException error = Assert.Throws<WinnowException>(() => PolicyCatalogue.Parse("zeromerge:tail=2.5", Budget.Entries(64)));
        Assert.Equal("option 'tail' of cache policy 'zeromerge' is 2.5; it must be a whole number or below 1", error.Message);
    }

    [Fact]
    public void Without_residual_entries_and_decay_it_keeps_what_h2o_keeps()
    {
        using TinyLlamaFile file = new();
        using LanguageModel model = file.Load();
        using Sequence merge = model.CreateSequence(PolicyCatalogue.Parse("zeromerge:residual=0,tail=40,decay=1", Budget.Entries(100)));
        using Sequence heavy = model.CreateSequence(PolicyCatalogue.Parse("h2o:hh=60,recent=40", Budget.Entries(100)));
        Assert.Equal(heavy.Prefill(TinyLlamaFile.Tokens(300)).ToArray(), merge.Prefill(TinyLlamaFile.Tokens(300)).ToArray());
        for (int token = 0; token < 60; token++)
            Assert.Equal(heavy.Decode(token + 5).ToArray(), merge.Decode(token + 5).ToArray());
        for (int lane = 0; lane < merge.Cache.Layout.Lanes; lane++)
            Assert.Equal(heavy.Cache.Lanes[lane].Positions.ToArray().Order(), merge.Cache.Lanes[lane].Positions.ToArray().Order());
    }

    [Fact]
    public void Scores_decay_alike_in_one_chunk_in_several_and_token_by_token()
    {
        using TinyLlamaFile file = new();
        using LanguageModel coarse = file.Load(chunkSize: 400), fine = file.Load(chunkSize: 70);
        ChosenPolicy policy = PolicyCatalogue.Parse("zeromerge:decay=0.97", Budget.Entries(1000));
        using Sequence whole = coarse.CreateSequence(policy, EntryType.F32), chunks = fine.CreateSequence(policy, EntryType.F32);
        using Sequence steps = fine.CreateSequence(policy, EntryType.F32);
        int[] tokens = TinyLlamaFile.Tokens(250);
        whole.Prefill(tokens);
        chunks.Prefill(tokens);
        steps.Prefill(tokens.AsSpan(0, 100));
        foreach (int token in tokens[100..])
            steps.Decode(token);
        // Layer 0 sees the same inputs in all three; deeper layers add rounding of their own.
        float[] expected = whole.Cache[0, 0].Scores.ToArray();
        Assert.Equal(expected, chunks.Cache[0, 0].Scores.ToArray(), (a, b) => MathF.Abs(a - b) < 1e-5f * Math.Max(1, a));
        Assert.Equal(expected, steps.Cache[0, 0].Scores.ToArray(), (a, b) => MathF.Abs(a - b) < 1e-5f * Math.Max(1, a));
        Assert.True(expected.Max() > 1);
    }

    [Fact]
    public void Memory_stays_flat_while_a_long_answer_is_written()
    {
        using PolicyBench bench = new(PolicyCatalogue.Parse("zeromerge:residual=3", Budget.Entries(40)).Policy);
        Random random = new(3);
        RandomPrompt(bench, random, 100);
        (long bytes, long fields) = (0, 0);
        for (int step = 0; step < 10_000; step++)
        {
            RandomStep(bench, random);
            if (step == 100)
                (bytes, fields) = (bench.Store.KvBytes, bench.Store.FieldBytes);
        }

        Assert.Equal(40, bench.Lane.Length);
        Assert.Equal((bytes, fields), (bench.Store.KvBytes, bench.Store.FieldBytes));
        Assert.Equal(10_100, bench.Lane.Weights.ToArray().Sum());
    }

    private static PolicyBench Bench(float alpha, int budget = 5, ZeroMerge.ResidualSeed seed = ZeroMerge.ResidualSeed.First) =>
        new(new ZeroMerge(new ZeroMerge.Options { Keep = Budget.Entries(budget), Tail = new(2), Alpha = alpha, Seed = seed }));

    private static void PromptA(PolicyBench bench) => Fill(bench, PromptKeys, [1, 2, 3, 4, 5, 6, 7, 8], PromptScores);

    /// <summary>Reads a prompt of these keys and values (the first channel; the second is zero).</summary>
    private static void Fill(PolicyBench bench, float[][] keys, float[] values, float[]? scores = null) => bench.Prefill(keys.Length, observe: () =>
    {
        for (int slot = 0; slot < keys.Length; slot++)
            bench.Lane.Replace(slot, keys[slot], [values[slot], 0], 1, 0);
        scores?.CopyTo(bench.Lane.Scores);
    });

    private static void StepA(PolicyBench bench, Action? observe) => bench.Step(() =>
    {
        bench.Lane.Replace(bench.Lane.Length - 1, [0, 1.5f], [9, 0], 1, 0);
        if (observe is not null)
            observe();
        else
            Observe(bench, new float[bench.Lane.Length]);
    });

    /// <summary>Plays the observer for one step; probabilities in the order of positions.</summary>
    private static void Observe(PolicyBench bench, float[] probabilities)
    {
        for (int slot = 0; slot < bench.Lane.Length; slot++)
            bench.Lane.Scores[slot] *= .98f;
        bench.AddRow(probabilities);
    }

    private static void RandomPrompt(PolicyBench bench, Random random, int tokens) => bench.Prefill(tokens, observe: () =>
    {
        for (int slot = bench.Lane.Length - tokens; slot < bench.Lane.Length; slot++)
            Randomise(bench.Lane, slot, random);
    });

    private static void RandomStep(PolicyBench bench, Random random) => bench.Step(() => Randomise(bench.Lane, bench.Lane.Length - 1, random));

    private static void Randomise(Lane lane, int slot, Random random)
    {
        lane.Replace(slot, [(float)random.NextDouble() * 2 - 1, (float)random.NextDouble() * 2 - 1], [1, 1], 1, 0);
        lane.Scores[slot] = (float)random.NextDouble();
    }

    private static void RequireConservation(PolicyBench bench, int residuals, int budget)
    {
        Assert.InRange(bench.Lane.Length, 1, budget);
        Assert.Equal(bench.Layer.Position, bench.Lane.Weights.ToArray().Sum());
        Assert.InRange(bench.Lane.Flags.ToArray().Count(flag => flag != 0), 0, residuals);
        for (int slot = 0; slot < bench.Lane.Length; slot++)
        {
            Assert.True(bench.Lane.Weights[slot] == 1 || (bench.Lane.Weights[slot] > 1 && bench.Lane.Flags[slot] != 0));
            Assert.Equal(MathF.Log(bench.Lane.Weights[slot]), bench.Lane.Biases[slot]);
        }
    }

    private static void AssertEntry(Lane lane, int position, float[] key, float value, float weight, float score)
    {
        int slot = lane.Positions.IndexOf(position);
        float[] row = new float[2];
        lane.ReadKey(slot, row);
        H2OTests.AssertClose(key, row);
        lane.ReadValue(slot, row);
        H2OTests.AssertClose([value, 0], row);
        Assert.Equal(weight, lane.Weights[slot]);
        Assert.Equal(score, lane.Scores[slot], 1e-5f);
    }

    /// <summary>Attention of one query over the lane: probabilities in the order of positions, and the first channel of the output.</summary>
    private static (float[] Probabilities, float Output) Attend(PolicyBench bench, float[] query, float scale)
    {
        using ThreadTeam team = new(1);
        using PagedAttention attention = new(team, bench.Store.Layout.Format);
        LaneView[] lanes = [bench.Lane.View];
        AttentionRequest request = new()
        {
            Lanes = lanes, Queries = query, Tokens = 1, QueryHeads = 1, FirstPositions = new[] { bench.Layer.Position - 1 }, Scale = scale,
        };
        float[] output = new float[2], logits = new float[bench.Lane.Length];
        attention.Attend(request, output);
        attention.Logits(request, 0, logits);
        Kernels.Elementwise.Softmax.InPlace(logits);
        return ([.. bench.Lane.Positions.ToArray().Zip(logits).OrderBy(pair => pair.First).Select(pair => pair.Second)], output[0]);
    }

    private static float[] DecayedSums(float[] queries, float[] keys, float decay)
    {
        PageFormat format = new(3, EntryType.F32);
        using PagePool pool = new(format);
        using ThreadTeam team = new(1);
        using PagedAttention attention = new(team, format);
        using KvStore store = new(new KvLayout(1, 1, format, EntryFields.Scores, 1), pool);
        store[0, 0].Extend(3, 0);
        LaneView[] lanes = [store[0, 0].View];
        using EntryWriter writer = new(team, format);
        writer.Write(lanes, queries, keys, new float[9], 3, [0], null, default);
        AttentionRequest request = new() { Lanes = lanes, Queries = queries, Tokens = 3, QueryHeads = 1, FirstPositions = new[] { 0 }, Scale = 1 };
        attention.Attend(request, new float[9]);
        attention.AddColumnSums(request, new ColumnObservation { Decay = decay }, [store[0, 0].ScoreBuffer(0)]);
        return store[0, 0].Scores.ToArray();
    }
}
