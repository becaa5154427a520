using Winnow.Caching;
using Winnow.Caching.Policies;
using Winnow.Kernels.Attention;
using Winnow.Kernels.Elementwise;

namespace Winnow.Tests.Caching.Policies;

public sealed class FinchTests : IDisposable
{
    private const int Question = 20;

    // Two heads, two question tokens, four document tokens: rows of (head, token).
    private static readonly float[][] s_heads =
    [
        [.10f, .30f, .05f, .15f, .40f, 0, .10f, .05f, .20f, .15f, .20f, .30f],
        [.15f, .20f, .05f, .20f, .40f, 0, .10f, .05f, .25f, .10f, .20f, .30f],
    ];

    private readonly TinyLlamaFile _file = new();
    private readonly LanguageModel _model;

    public FinchTests() => _model = _file.Load();

    public void Dispose()
    {
        _model.Dispose();
        _file.Dispose();
    }

    [Theory]
    [InlineData(1000, 300, 50, 256, new[] { 64, 128, 192, 250 })]
    [InlineData(1000, 512, 12, 300, new[] { 150, 300, 450, 500 })]
    public void Finch_KnownAnswer1_entries_after_each_chunk_with_a_whole_factor(int document, int target, int question, int chunk, int[] kept) =>
        Assert.Equal(kept, Kept(new FinchSchedule(0, document, target - question, Whole: true), chunk));

    [Fact]
    public void Finch_KnownAnswer1_a_whole_factor_loses_by_rounding_and_an_exact_one_does_not()
    {
        Assert.Equal(816, Kept(new FinchSchedule(0, 4096, 872, Whole: true), 256)[^1]);
        Assert.Equal(872, Kept(new FinchSchedule(0, 4096, 872, Whole: false), 256)[^1]);
    }

    [Fact]
    public void Finch_KnownAnswer2_a_short_last_chunk_may_leave_nothing() =>
        Assert.Equal([1, 2, 2], Kept(new FinchSchedule(0, 10, 4, Whole: true), 4));

    [Fact]
    public void Finch_KnownAnswer2_what_fits_is_read_in_the_ordinary_way()
    {
        using Sequence guided = Create("finch:chunk=4,factor=whole", "12", EntryType.F32), rolling = Create("streaming-llm:position=rolling", "1000", EntryType.F32);
        Assert.Equal(rolling.Prefill(TinyLlamaFile.Tokens(12)).ToArray(), guided.Prefill(TinyLlamaFile.Tokens(12), 2).ToArray());
        Assert.All(Positions(guided), kept => Assert.Equal(Enumerable.Range(0, 12), kept));
    }

    [Theory]
    [InlineData(false, new[] { .45f, .60f, .55f, .60f }, new[] { 1, 3 })]
    [InlineData(true, new[] { .408333f, .516667f, .533333f, .541667f }, new[] { 2, 3 })]
    public void Finch_KnownAnswer3_votes_of_all_heads_of_a_layer(bool normalize, float[] scores, int[] kept)
    {
        float[] sums = new float[4];
        foreach (float[] head in s_heads)
            Finch.AddVotes(Logarithms(head), 2, 1, new Finch.Options { Normalize = normalize }, sums);
        AssertClose(scores, sums);
        Assert.Equal(kept, Best(sums, 2));
    }

    [Theory]
    [InlineData(0, new[] { .45f, .725f, .60f, .675f }, new[] { 1, 3 })]
    [InlineData(1, new[] { .55f, .525f, .725f, .65f }, new[] { 2, 3 })]
    public void Finch_KnownAnswer4_heads_on_their_own_may_disagree(int head, float[] scores, int[] kept)
    {
        float[] sums = new float[4];
        Finch.AddVotes(Logarithms(s_heads[head]), 2, 1, new Finch.Options { Selection = Finch.Chooser.Head }, sums);
        // The source weighs rows by 4 and 5 and takes their mean; here they are weighed by 4/6 and 5/6 and added up.
        AssertClose(scores, [.. sums.Select(sum => sum * 6 / 2)]);
        Assert.Equal(kept, Best(sums, 2));
    }

    [Fact]
    public void Finch_KnownAnswer5_entries_kept_before_compete_again()
    {
        FinchSchedule schedule = new(0, 8, 4, Whole: true);
        int kept = schedule.KeptAfter(8, 4, 2);
        Assert.Equal(4, kept);
        Assert.Equal([0, 2, 4, 5], Best([.90f, .08f, .35f, .10f, .50f, .12f], kept));
    }

    [Theory]
    [InlineData(5, new[] { 1f, .5f, 0, -.5f }, new[] { 0.283662f, 0.524365f, -0.958924f, -0.474386f })]
    [InlineData(2, new[] { 1f, .5f, 0, -.5f }, new[] { -0.416147f, 0.509899f, 0.909297f, -0.489901f })]
    [InlineData(2, new[] { 1f, 0 }, new[] { -0.416147f, 0.909297f })]
    public void Finch_KnownAnswer6_a_key_read_at_a_rank_is_the_raw_key_turned_to_it(int rank, float[] key, float[] expected)
    {
        ReadOnlySpan<double> frequencies = [1, 0.01];
        using RotaryTable table = new(key.Length, 6, frequencies[..(key.Length / 2)]);
        Rotary.Apply(table, RotaryStyle.Half, key, key.Length, rank);
        AssertClose(expected, key);
    }

    [Fact]
    public void Finch_Property7_a_chunk_kept_whole_answers_like_the_full_cache()
    {
        int[] tokens = TinyLlamaFile.Tokens(200);
        using Sequence full = Create("full", "100%", EntryType.F32), guided = Create("finch", "199", EntryType.F32);
        full.Prefill(tokens);
        guided.Prefill(tokens, Question);
        // One token of 200 had to go, so this bounds how much the reading in chunks itself changes.
        Assert.All(Positions(guided), kept => Assert.Equal(199, kept.Length));
        using Sequence exact = Create("finch", "200", EntryType.F32);
        AssertClose(full.Logits, exact.Prefill(tokens, Question), 1e-3f);
    }

    [Theory]
    [InlineData("finch:chunk=50", 300)]
    [InlineData("finch:chunk=50,factor=whole", 300)]
    [InlineData("finch:chunk=50,selection=head", 300)]
    [InlineData("finch", 300)]
    public void Finch_Property8_lanes_hold_the_compressed_document_and_then_the_question(string policy, int target)
    {
        const int length = 1000, room = 300 - Question;
        using Sequence sequence = Create(policy, $"{target}");
        sequence.Prefill(TinyLlamaFile.Tokens(length), Question);
        Assert.All(Positions(sequence), kept =>
        {
            Assert.InRange(kept.Length, policy.Contains("whole", StringComparison.Ordinal) ? room / 2 : target, target);
            Assert.Equal(kept.Order(), kept);
            Assert.Equal(Enumerable.Range(length - Question, Question), kept[^Question..]);
        });
        if (policy.Contains("head", StringComparison.Ordinal))
            return;
        Assert.Equal(sequence.Cache[0, 0].Positions.ToArray(), sequence.Cache[0, 1].Positions.ToArray());
        Assert.NotEqual(sequence.Cache[0, 0].Positions.ToArray(), sequence.Cache[1, 0].Positions.ToArray());
    }

    [Fact]
    public void Finch_Property10_the_cache_never_holds_more_than_kept_chunk_and_question()
    {
        using Sequence sequence = Create("finch:chunk=100", "220");
        List<(int Read, int Live)> after = [];
        sequence.Prefill(TinyLlamaFile.Tokens(1020), Question, new Watcher(read => after.Add((read, sequence.Cache.LongestLane))));
        Assert.Equal([20, 40, 60, 80, 100, 120, 140, 160, 180, 200, 220], after.Select(chunk => chunk.Live));
        Assert.Equal(1000, after[^2].Read);
    }

    [Fact]
    public void Finch_Property11_another_question_keeps_other_entries()
    {
        int[] document = TinyLlamaFile.Tokens(600), a = TinyLlamaFile.Tokens(Question, seed: 8), b = TinyLlamaFile.Tokens(Question, seed: 9);
        using Sequence first = Create("finch", "200"), again = Create("finch", "200"), second = Create("finch", "200");
        first.Prefill([.. document, .. a], Question);
        again.Prefill([.. document, .. a], Question);
        second.Prefill([.. document, .. b], Question);
        Assert.Equal(Positions(first), Positions(again));
        Assert.NotEqual(Positions(first), Positions(second));
    }

    [Fact]
    public void Finch_Property12_of_a_single_chunk_a_larger_target_keeps_what_a_smaller_one_does()
    {
        using Sequence small = Create("finch:chunk=600", "200"), large = Create("finch:chunk=600", "201");
        small.Prefill(TinyLlamaFile.Tokens(600), Question);
        large.Prefill(TinyLlamaFile.Tokens(600), Question);
        // The first layer alone: later ones see hidden states that do not depend on the target either, but their own kept set is all that is compared.
        for (int layer = 0; layer < TinyLlamaFile.Layers; layer++)
            Assert.Subset(large.Cache[layer, 0].Positions.ToArray().ToHashSet(), small.Cache[layer, 0].Positions.ToArray().ToHashSet());
    }

    [Theory]
    [InlineData("25%")]
    [InlineData("50%")]
    [InlineData("1000")]
    public void A_document_of_four_windows_is_read_within_one(string keep)
    {
        const int window = 2048;
        using Sequence sequence = Create("finch", keep);
        int longest = 0;
        sequence.Prefill(TinyLlamaFile.Tokens(4 * window + 100), Question, new Watcher(_ => longest = Math.Max(longest, sequence.Cache.LongestLane)));
        Assert.InRange(longest, 1, window - 256);
        for (int token = 0; token < 200; token++)
            Assert.All(sequence.Decode(3 + token).ToArray(), logit => Assert.True(float.IsFinite(logit)));
        Assert.Equal(4 * window + 300, sequence.Position);
        Assert.InRange(sequence.Cache.LongestLane, 1, window);
    }

    [Fact]
    public void In_a_conversation_what_earlier_turns_left_competes_too()
    {
        using Sequence sequence = Create("finch:chunk=100", "200");
        for (int turn = 0; turn < 3; turn++)
        {
            sequence.Prefill(TinyLlamaFile.Tokens(500, seed: turn), Question);
            Assert.All(Positions(sequence), kept => Assert.Equal(200, kept.Length));
            for (int token = 0; token < 30; token++)
                sequence.Decode(3 + token);
        }
    }

    [Fact]
    public void A_question_that_fills_the_target_is_refused()
    {
        using Sequence sequence = Create("finch", "50");
        WinnowException error = Assert.Throws<WinnowException>(() => sequence.Prefill(TinyLlamaFile.Tokens(300), 60).Length);
        Assert.Contains("question of 60 tokens fills the 50 entries", error.Message, StringComparison.Ordinal);
        Assert.Equal(0, sequence.Position);
    }

    [Fact]
    public void Chunks_too_short_for_the_factor_are_refused()
    {
        using Sequence sequence = Create("finch:chunk=3,factor=whole", "100");
        WinnowException error = Assert.Throws<WinnowException>(() => sequence.Prefill(TinyLlamaFile.Tokens(1000), Question).Length);
        Assert.Contains("chunks of 3 tokens leave nothing", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Original_positions_still_need_the_window()
    {
        using Sequence sequence = Create("finch:position=original", "200");
        Assert.Throws<WinnowException>(() => sequence.Prefill(TinyLlamaFile.Tokens(3000), Question).Length);
        sequence.Prefill(TinyLlamaFile.Tokens(1000), Question);
        Assert.All(Positions(sequence), kept => Assert.Equal(200, kept.Length));
    }

    private static int[] Kept(FinchSchedule schedule, int chunk)
    {
        List<int> kept = [];
        for (int read = 0; read < schedule.Document;)
        {
            int count = Math.Min(chunk, schedule.Document - read);
            read += count;
            kept.Add(schedule.KeptAfter(read, count, kept.Count == 0 ? 0 : kept[^1]));
        }

        return [.. kept];
    }

    private static float[] Logarithms(float[] probabilities) => [.. probabilities.Select(probability => MathF.Log(probability))];

    private static int[] Best(float[] scores, int count)
    {
        int[] slots = new int[count];
        TopEntries.Select(scores, count, slots, new ulong[scores.Length]);
        return slots;
    }

    private static void AssertClose(ReadOnlySpan<float> expected, ReadOnlySpan<float> actual, float tolerance = 1e-5f)
    {
        Assert.Equal(expected.Length, actual.Length);
        for (int i = 0; i < expected.Length; i++)
            Assert.Equal(expected[i], actual[i], tolerance);
    }

    private static List<int[]> Positions(Sequence sequence)
    {
        List<int[]> lanes = [];
        for (int layer = 0; layer < TinyLlamaFile.Layers; layer++)
        {
            for (int head = 0; head < TinyLlamaFile.KvHeads; head++)
                lanes.Add([.. sequence.Cache[layer, head].Positions]);
        }

        return lanes;
    }

    private Sequence Create(string policy, string keep, EntryType entries = EntryType.F16) =>
        _model.CreateSequence(PolicyCatalogue.Parse(policy, Budget.Parse(keep)), entries);

    private sealed class Watcher(Action<int> report) : IProgress<int>
    {
        public void Report(int value) => report(value);
    }
}
