using Winnow.Kernels.Attention;
using Winnow.Kernels.Elementwise;
using Winnow.Kernels.Memory;
using Winnow.Kernels.Simd;
using Winnow.Kernels.Threading;

namespace Winnow.Kernels.Tests.Attention;

public sealed class PagedAttentionTests
{
    public static TheoryData<EntryType, EntryType, int, int, int, int> Shapes => new()
    {
        { EntryType.F32, EntryType.F32, 64, 3, 1, 1 },
        { EntryType.F16, EntryType.F16, 64, 3, 1, 1 },
        { EntryType.BF16, EntryType.BF16, 64, 3, 1, 5 },
        { EntryType.Q8_0, EntryType.Q8_0, 64, 3, 1, 1 },
        { EntryType.F16, EntryType.F16, 64, 9, 3, 40 },
        { EntryType.Q8_0, EntryType.Q8_0, 96, 4, 2, 70 },
        { EntryType.F32, EntryType.F32, 80, 2, 2, 33 },
        { EntryType.F16, EntryType.F16, 16, 8, 1, 3 },
        { EntryType.BF16, EntryType.BF16, 128, 16, 2, 17 },
        { EntryType.Q4_0, EntryType.Q4_0, 64, 3, 1, 1 },
        { EntryType.Q4_0, EntryType.Q4_0, 96, 4, 2, 70 },
        { EntryType.Q4_0, EntryType.Q4_0, 16, 8, 1, 3 },
        { EntryType.Q4_1, EntryType.Q4_1, 64, 3, 1, 1 },
        { EntryType.Q4_1, EntryType.Q4_1, 80, 9, 3, 40 },
        { EntryType.Q8_0, EntryType.Q4_0, 64, 3, 1, 1 },
        { EntryType.Q8_0, EntryType.Q4_1, 80, 2, 2, 33 },
        { EntryType.F16, EntryType.Q4_0, 48, 4, 2, 5 },
        { EntryType.Q4_1, EntryType.F32, 80, 4, 2, 9 },
        { EntryType.F32, EntryType.Q8_0, 40, 4, 2, 20 },
    };

    [Theory]
    [MemberData(nameof(Shapes))]
    public void Outputs_and_column_sums_equal_plain_attention(
        EntryType keys, EntryType values, int headDim, int queryHeads, int kvHeads, int tokens) =>
        Check(new EntryTypes(keys, values), headDim, queryHeads, kvHeads, tokens, _ => { });

    [Theory]
    [MemberData(nameof(Shapes))]
    public void Integers_are_as_exact_as_halves(EntryType keys, EntryType values, int headDim, int queryHeads, int kvHeads, int tokens) =>
        Check(new EntryTypes(keys, values), headDim, queryHeads, kvHeads, tokens, _ => { }, integers: true);

    /// <summary>One entry takes nearly all attention; what the others hold together must not be rounded away.</summary>
    [Fact]
    public void Many_small_probabilities_beside_a_large_one_survive_rounding()
    {
        const int headDim = 64, tokens = 40, length = 2048;
        using PagePool pool = new(new PageFormat(headDim, EntryType.F16, EntryType.F16));
        using ThreadTeam team = new(1);
        using PagedAttention exact = new(team, pool.Format), rounded = new(team, pool.Format) { Integers = true };
        using LaneFixture lane = new(pool, length, 1);
        lane.Biases = new NativeBuffer<float>(lane.Positions.Length);
        // e^9 is about 8,000: a probability of each other entry is less than one code of the largest.
        lane.Biases.Span[0] = 9;
        float[] queries = [.. LaneFixture.Draw(new Random(3), tokens * headDim).Select(value => value * 0.1f)];
        float[] expected = new float[queries.Length], actual = new float[queries.Length];
        exact.Attend(Request([lane], queries, tokens, 1, length - tokens), expected);
        rounded.Attend(Request([lane], queries, tokens, 1, length - tokens), actual);
        Assert.Equal(expected, actual, (a, b) => MathF.Abs(a - b) < 1e-3f);
    }

    [Fact]
    public void A_sliding_window_hides_old_entries() => Check(EntryType.F16, 32, 4, 2, 90, _ => { }, window: 37);

    [Fact]
    public void A_soft_cap_bends_the_logits() => Check(EntryType.F32, 32, 4, 2, 20, _ => { }, softCap: 0.5f);

    [Fact]
    public void Biases_are_added_to_the_logits() => Check(EntryType.F16, 32, 4, 2, 1, lane =>
    {
        lane.Biases = new NativeBuffer<float>(lane.Positions.Length);
        for (int i = 0; i < lane.Length; i++)
            lane.Biases.Span[i] = MathF.Log(1 + i % 5);
    });

    [Fact]
    public void Each_query_head_sees_its_own_entries() => Check(EntryType.F16, 32, 6, 2, 2, lane =>
    {
        lane.HeadMasks = new NativeBuffer<uint>(lane.Positions.Length);
        for (int i = 0; i < lane.Length; i++)
            lane.HeadMasks.Span[i] = (uint)(i * 2654435761 >> 7) & 7;
    });

    [Fact]
    public void A_read_set_limits_one_pass() => Check(EntryType.F16, 32, 6, 2, 3, lane =>
    {
        lane.ReadSet = new NativeBuffer<ulong>(lane.Positions.Length / 64);
        for (int i = 1; i < lane.ReadSet.Length; i++)
            lane.ReadSet.Span[i] = i % 2 == 0 ? 0xF0F0_1234_5678_9ABCul : 0;
    });

    [Fact]
    public void The_order_of_entries_carries_no_meaning() => Check(EntryType.F16, 32, 4, 2, 25, lane =>
    {
        // Positions in reverse: the newest text first.
        for (int i = 0; i < lane.Length; i++)
            lane.Positions.Span[i] = lane.Length - 1 - i;
    });

    [Fact]
    public void An_empty_lane_gives_zeros()
    {
        using PagePool pool = new(new PageFormat(32, EntryType.F16));
        using ThreadTeam team = new(2);
        using PagedAttention attention = new(team, pool.Format);
        using LaneFixture lane = new(pool, 0, 1);
        float[] output = [.. Enumerable.Repeat(9f, 64)];
        attention.Attend(Request([lane], new float[64], 1, 2, 10), output);
        Assert.All(output, value => Assert.Equal(0, value));
    }

    [Theory]
    [InlineData(EntryType.F16, EntryType.F16, 1)]
    [InlineData(EntryType.F16, EntryType.F16, 7)]
    [InlineData(EntryType.BF16, EntryType.F32, 1)]
    [InlineData(EntryType.BF16, EntryType.F32, 7)]
    [InlineData(EntryType.Q8_0, EntryType.Q8_0, 1)]
    [InlineData(EntryType.Q8_0, EntryType.Q8_0, 7)]
    [InlineData(EntryType.Q4_0, EntryType.Q4_0, 1)]
    [InlineData(EntryType.Q4_0, EntryType.Q4_0, 7)]
    [InlineData(EntryType.Q4_1, EntryType.Q4_1, 1)]
    [InlineData(EntryType.Q4_1, EntryType.Q4_1, 7)]
    [InlineData(EntryType.Q8_0, EntryType.Q4_0, 1)]
    [InlineData(EntryType.Q8_0, EntryType.Q4_0, 7)]
    public void Every_vector_width_agrees_with_its_scalar_twin(EntryType keys, EntryType values, int tokens)
    {
        using PagePool pool = new(new PageFormat(64, keys, values));
        using ThreadTeam team = new(1);
        using PagedAttention attention = new(team, pool.Format);
        using LaneFixture lane = new(pool, 200, 3);
        float[] queries = LaneFixture.Draw(new Random(4), tokens * 64 * 3);
        AttentionRequest request = Request([lane], queries, tokens, 3, 200 - tokens);
        float[] scalar = new float[queries.Length], v128 = new float[queries.Length], v256 = new float[queries.Length], v512 = new float[queries.Length];
        attention.Attend<FloatVectorScalar>(request, scalar);
        attention.Attend<FloatVector128>(request, v128);
        attention.Attend<FloatVector256>(request, v256);
        attention.Attend<FloatVector512>(request, v512);
        Assert.Equal(scalar, v128, (a, b) => MathF.Abs(a - b) < 2e-6f);
        Assert.Equal(scalar, v256, (a, b) => MathF.Abs(a - b) < 2e-6f);
        Assert.Equal(scalar, v512, (a, b) => MathF.Abs(a - b) < 2e-6f);
    }

    [Fact]
    public void The_number_of_threads_does_not_change_a_bit()
    {
        using PagePool pool = new(new PageFormat(64, EntryType.F16));
        using LaneFixture a = new(pool, 1500, 5), b = new(pool, 700, 6);
        float[] queries = LaneFixture.Draw(new Random(7), 6 * 64);
        float[][] outputs = [.. new[] { 1, 2, 3 }.Select(threads =>
        {
            using ThreadTeam team = new(threads);
            using PagedAttention attention = new(team, pool.Format);
            float[] output = new float[queries.Length];
            attention.Attend(Request([a, b], queries, 1, 6, 1499), output);
            return output;
        })];
        Assert.Equal(outputs[0], outputs[1]);
        Assert.Equal(outputs[0], outputs[2]);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(20)]
    public void Sequences_side_by_side_equal_each_alone_to_the_last_bit(int tokens)
    {
        using PagePool pool = new(new PageFormat(64, EntryType.F16));
        using ThreadTeam team = new(3);
        using PagedAttention attention = new(team, pool.Format);
        int[] lengths = [tokens, 1500, 700, 64 + tokens], firsts = [.. lengths.Select(length => length - tokens)];
        LaneFixture[] lanes = [.. lengths.SelectMany((length, i) => new[] { new LaneFixture(pool, length, i), new LaneFixture(pool, length, 10 + i) })];
        float[] queries = LaneFixture.Draw(new Random(7), lengths.Length * tokens * 6 * 64), together = new float[queries.Length];
        AttentionRequest all = new()
        {
            Lanes = lanes.Select(lane => lane.View).ToArray(), Queries = queries, Tokens = tokens, QueryHeads = 6, FirstPositions = firsts, Scale = 0.7f,
        };
        attention.Attend(all, together);
        float[] logSumExp = attention.LogSumExp[..(lengths.Length * tokens * 6)].ToArray();
        NativeBuffer<float>[] sums = [.. lanes.Select(lane => new NativeBuffer<float>(lane.Length))];
        AttentionRequest Own(int i) =>
            Request([lanes[2 * i], lanes[2 * i + 1]], queries[(i * tokens * 6 * 64)..((i + 1) * tokens * 6 * 64)], tokens, 6, firsts[i]);
        for (int i = 0; i < lengths.Length; i++)
            attention.AddColumnSums(Own(i), new ColumnObservation(), sums.AsSpan(2 * i, 2), sequence: i);
        for (int i = 0; i < lengths.Length; i++)
        {
            float[] alone = new float[tokens * 6 * 64];
            NativeBuffer<float>[] own = [new(lengths[i]), new(lengths[i])];
            attention.Attend(Own(i), alone);
            attention.AddColumnSums(Own(i), new ColumnObservation(), own);
            Assert.Equal(alone, together[(i * alone.Length)..((i + 1) * alone.Length)]);
            Assert.Equal(attention.LogSumExp[..(tokens * 6)].ToArray(), logSumExp[(i * tokens * 6)..((i + 1) * tokens * 6)]);
            Assert.Equal(own[0].Span.ToArray(), sums[2 * i].Span.ToArray());
            Assert.Equal(own[1].Span.ToArray(), sums[2 * i + 1].Span.ToArray());
        }

        foreach (IDisposable owned in lanes.Concat<IDisposable>(sums))
            owned.Dispose();
    }

    [Fact]
    public void Lanes_that_do_not_fit_the_sequences_are_refused()
    {
        using PagePool pool = new(new PageFormat(32, EntryType.F16));
        using ThreadTeam team = new(1);
        using PagedAttention attention = new(team, pool.Format);
        using LaneFixture lane = new(pool, 5, 1);
        AttentionRequest Of(int sequences) => new()
        {
            Lanes = new[] { lane.View, lane.View, lane.View }, Queries = new float[4 * 3 * 32], Tokens = 1, QueryHeads = 3,
            FirstPositions = new int[sequences], Scale = 1,
        };
        foreach (int sequences in new[] { 0, 2 })
        {
            Assert.Contains($"{sequences} sequences of 3 query heads cannot share 3 lanes evenly",
                Assert.Throws<ArgumentException>(() => attention.Attend(Of(sequences), new float[4 * 3 * 32])).Message, StringComparison.Ordinal);
        }

        Assert.Contains(
            "one sequence at a time", Assert.Throws<ArgumentException>(() => attention.Logits(Of(3), 0, new float[15])).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(RotaryStyle.Half, EntryType.F32)]
    [InlineData(RotaryStyle.Interleaved, EntryType.F32)]
    [InlineData(RotaryStyle.Half, EntryType.Q8_0)]
    [InlineData(RotaryStyle.Half, EntryType.Q4_1)]
    public void Keys_turned_by_rank_equal_keys_rotated_when_written(RotaryStyle style, EntryType type)
    {
        const int dim = 32, length = 150, tokens = 4;
        using PagePool rawPool = new(new PageFormat(dim, type)), turnedPool = new(new PageFormat(dim, EntryType.F32));
        using ThreadTeam team = new(1);
        using PagedAttention rawAttention = new(team, rawPool.Format), turnedAttention = new(team, turnedPool.Format);
        using RotaryTable table = new(dim, 256, [.. Enumerable.Range(0, dim / 2).Select(i => Math.Pow(10_000, -2.0 * i / dim))]);
        using RankRotation rotation = new(table, style);
        using LaneFixture raw = new(rawPool, length, 8), turned = new(turnedPool, length, 8);
        raw.Ranks = new NativeBuffer<int>(raw.Positions.Length);
        for (int i = 0; i < length; i++)
        {
            // Slots 40 and 41 swapped: ranks need not ascend.
            raw.Ranks.Span[i] = i == 40 ? 41 : i == 41 ? 40 : i;
            (turned.Keys[i], turned.Values[i]) = ([.. raw.Keys[i]], raw.Values[i]);
            Rotary.Apply(table, style, turned.Keys[i], dim, raw.Ranks.Span[i]);
            turned.Write(i);
        }

        float[] queries = LaneFixture.Draw(new Random(9), tokens * 2 * dim), rotated = [.. queries];
        for (int token = 0; token < tokens; token++)
            Rotary.Apply(table, style, rotated.AsSpan(token * 2 * dim, 2 * dim), dim, length - tokens + token);
        float[] expected = new float[queries.Length], actual = new float[queries.Length];
        turnedAttention.Attend(Request([turned], rotated, tokens, 2, length - tokens), expected);
        rawAttention.Attend(Request([raw], queries, tokens, 2, length - tokens, rotation), actual);
        Assert.Equal(expected, actual, (a, b) => MathF.Abs(a - b) < 1e-5f);
    }

    private static void Check(
        EntryTypes types, int headDim, int queryHeads, int kvHeads, int tokens, Action<LaneFixture> shape, int window = 0, float softCap = 0,
        bool integers = false)
    {
        using PagePool pool = new(new PageFormat(headDim, types));
        using ThreadTeam team = new(2);
        using PagedAttention attention = new(team, pool.Format) { Integers = integers };
        // Lanes of one layer have their own lengths; the newest entries are the queries' own.
        LaneFixture[] lanes = [.. Enumerable.Range(0, kvHeads).Select(i => new LaneFixture(pool, tokens + 61 + 150 * i, i))];
        foreach (LaneFixture lane in lanes)
            shape(lane);
        float[] queries = LaneFixture.Draw(new Random(11), tokens * queryHeads * headDim), output = new float[queries.Length];
        int first = lanes.Max(lane => lane.Length) - tokens;
        AttentionRequest request = Request(lanes, queries, tokens, queryHeads, first, window: window, softCap: softCap);
        NativeBuffer<float>[] sums = [.. lanes.Select(lane => new NativeBuffer<float>(lane.Length))];
        attention.Attend(request, output);
        attention.AddColumnSums(request, new ColumnObservation(), sums);
        (double[] expected, double[][] expectedSums) = PlainAttention.Compute(request, lanes, headDim);
        Assert.Equal(expected.Length, output.Length);
        for (int i = 0; i < output.Length; i++)
            Assert.Equal(expected[i], output[i], integers ? 1e-3 : 1e-5);
        for (int lane = 0; lane < kvHeads; lane++)
        {
            for (int entry = 0; entry < lanes[lane].Length; entry++)
                Assert.Equal(expectedSums[lane][entry], sums[lane].Span[entry], integers ? 1e-3 : 1e-4);
        }

        foreach (LaneFixture lane in lanes)
            lane.Dispose();
        Assert.Equal(0, pool.LivePages);
    }

    private static AttentionRequest Request(
        LaneFixture[] lanes, float[] queries, int tokens, int queryHeads, int first, RankRotation? rotation = null, int window = 0, float softCap = 0) => new()
        {
            Lanes = lanes.Select(lane => lane.View).ToArray(),
            Queries = queries,
            Tokens = tokens,
            QueryHeads = queryHeads,
            FirstPositions = new[] { first },
            Scale = 0.7f,
            SoftCap = softCap,
            Window = window,
            Rotation = rotation,
        };
}
