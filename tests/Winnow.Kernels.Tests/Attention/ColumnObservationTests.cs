using Winnow.Kernels.Attention;
using Winnow.Kernels.Memory;
using Winnow.Kernels.Simd;
using Winnow.Kernels.Threading;

namespace Winnow.Kernels.Tests.Attention;

public sealed class ColumnObservationTests
{
    private const int HeadDim = 32;

    public static TheoryData<ColumnObservation, int, int> Observations
    {
        get
        {
            TheoryData<ColumnObservation, int, int> data = [];
            foreach (bool perHead in new[] { false, true })
            {
                foreach (int window in new[] { 0, 9 })
                {
                    // A prompt of several tiles with groups of three, and a single generated token of a group of one.
                    foreach ((int group, int tokens) in new[] { (3, 70), (1, 1) })
                    {
                        data.Add(new ColumnObservation { PerQueryHead = perHead, LocalWindow = window }, group, tokens);
                        data.Add(new ColumnObservation { PerQueryHead = perHead, LocalWindow = window, Decay = 0.9f }, group, tokens);
                        data.Add(new ColumnObservation { PerQueryHead = perHead, LocalWindow = window, Maximum = true }, group, tokens);
                    }
                }
            }

            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Observations))]
    public void Every_channel_equals_plain_attention_reduced_at_every_vector_width(ColumnObservation observation, int group, int tokens)
    {
        Check<FloatVectorScalar>(observation, group, tokens);
        Check<FloatVector128>(observation, group, tokens);
        Check<FloatVector256>(observation, group, tokens);
        Check<FloatVector512>(observation, group, tokens);
    }

    [Theory]
    [InlineData(false, false, 1, 1)]
    [InlineData(true, false, 4, 4)]
    [InlineData(false, true, 1, 2)]
    [InlineData(true, true, 4, 8)]
    public void Channels_are_counted_by_heads_and_doubled_by_a_window(bool perHead, bool window, int heads, int channels)
    {
        ColumnObservation observation = new() { PerQueryHead = perHead, LocalWindow = window ? 5 : 0 };
        Assert.Equal(heads, observation.Heads(4));
        Assert.Equal(channels, observation.Channels(4));
    }

    [Fact]
    public void Sums_are_added_to_what_was_there_and_a_maximum_keeps_what_was_larger()
    {
        foreach (bool maximum in new[] { false, true })
        {
            using PagePool pool = new(new PageFormat(HeadDim, EntryType.F32));
            using ThreadTeam team = new(1);
            using PagedAttention attention = new(team, pool.Format);
            using LaneFixture lane = new(pool, 4, 1);
            using NativeBuffer<float> sums = new(4);
            sums.Span.Fill(0.25f);
            // Queries of zeros: every visible entry receives the same.
            AttentionRequest request = Request([lane], new float[4 * HeadDim], 4, 1, 0);
            attention.Attend(request, new float[4 * HeadDim]);
            attention.AddColumnSums(request, new ColumnObservation { Maximum = maximum }, [sums]);
            float[] expected = maximum ? [1, 0.5f, 1 / 3f, 0.25f] : [0.25f + 25 / 12f, 0.25f + 13 / 12f, 0.25f + 7 / 12f, 0.5f];
            Assert.Equal(expected, sums.Span.ToArray()[..4], (a, b) => MathF.Abs(a - b) < 1e-5f);
        }
    }

    /// <summary>Logits of few tokens are kept; 20 tokens are read again either way. The first lane has rows that see nothing of its last page.</summary>
    [Theory]
    [InlineData(1, false)]
    [InlineData(3, false)]
    [InlineData(3, true)]
    [InlineData(16, true)]
    [InlineData(20, false)]
    public void Kept_logits_give_the_sums_that_reading_the_keys_again_gives(int tokens, bool maximum)
    {
        using PagePool pool = new(new PageFormat(HeadDim, EntryType.F16));
        using ThreadTeam team = new(2);
        using PagedAttention attention = new(team, pool.Format);
        LaneFixture[] lanes = [new(pool, 64 + tokens - 1, 1), new(pool, 700, 2), new(pool, 7 + tokens, 3), new(pool, 9 * 64, 4)];
        int group = 3, perSequence = tokens * group * 2 * HeadDim;
        float[] queries = LaneFixture.Draw(new Random(5), 2 * perSequence);
        ColumnObservation observation = new() { PerQueryHead = true, Maximum = maximum, LocalWindow = maximum ? 0 : 5 };
        int channels = observation.Channels(group);
        float[][][] found = [.. new[] { false, true }.Select(observed =>
        {
            AttentionRequest Part(int first, int count) => new()
            {
                Lanes = lanes.Skip(2 * first).Take(2 * count).Select(lane => lane.View).ToArray(),
                Queries = queries.AsSpan(first * perSequence, count * perSequence), Tokens = tokens, QueryHeads = 2 * group,
                FirstPositions = lanes.Skip(2 * first).Take(2 * count).Where((_, i) => i % 2 == 0).Select(lane => lane.Length - tokens).ToArray(),
                Scale = 0.3f, Observed = observed,
            };
            attention.Attend(Part(0, 2), new float[queries.Length]);
            NativeBuffer<float>[] sums = [.. lanes.SelectMany(lane => Enumerable.Range(0, channels).Select(_ => new NativeBuffer<float>(lane.Length)))];
            for (int sequence = 0; sequence < 2; sequence++)
                attention.AddColumnSums(Part(sequence, 1), observation, sums.AsSpan(2 * channels * sequence, 2 * channels), sequence);
            float[][] values = [.. sums.Select(sum => sum.Span.ToArray())];
            foreach (NativeBuffer<float> sum in sums)
                sum.Dispose();
            return values;
        })];
        Assert.Equal(found[0], found[1]);
        foreach (LaneFixture lane in lanes)
            lane.Dispose();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void All_workers_of_a_team_may_look_at_once(bool kept)
    {
        using PagePool pool = new(new PageFormat(HeadDim, EntryType.F16));
        using ThreadTeam team = new(3);
        using PagedAttention attention = new(team, pool.Format);
        LaneFixture[] lanes = [.. Enumerable.Range(0, 9).Select(i => new LaneFixture(pool, 100 + 70 * i, i))];
        Looking looking = new()
        {
            Attention = attention, Lanes = lanes, Queries = LaneFixture.Draw(new Random(5), lanes.Length * HeadDim), Kept = kept,
            Sums = [.. lanes.Select(lane => new NativeBuffer<float>(lane.Length))],
            Logits = [.. lanes.Select(lane => new float[lane.Length])],
        };
        attention.Attend(looking.Request(0, lanes.Length), new float[looking.Queries.Length]);
        looking.Execute(0, 1);
        float[][] sums = [.. looking.Sums.Select(sum => sum.Span.ToArray())], logits = [.. looking.Logits.Select(row => row.ToArray())];
        for (int i = 0; i < lanes.Length; i++)
        {
            looking.Sums[i].Span.Clear();
            looking.Logits[i].AsSpan().Clear();
        }

        team.Run(ref looking);
        Assert.Equal(sums, looking.Sums.Select(sum => sum.Span.ToArray()));
        Assert.Equal(logits, looking.Logits);
        foreach (IDisposable owned in lanes.Concat<IDisposable>(looking.Sums))
            owned.Dispose();
    }

    [Fact]
    public void A_lane_that_grew_since_it_was_attended_is_refused()
    {
        using PagePool pool = new(new PageFormat(HeadDim, EntryType.F32));
        using ThreadTeam team = new(1);
        using PagedAttention attention = new(team, pool.Format);
        using LaneFixture shorter = new(pool, 4, 1), longer = new(pool, 5 * 64, 1);
        using NativeBuffer<float> sums = new(5 * 64);
        float[] queries = new float[HeadDim];
        attention.Attend(Request([shorter], queries, 1, 1, 3) with { Observed = true }, new float[HeadDim]);
        ArgumentException error = Assert.Throws<ArgumentException>(
            () => attention.AddColumnSums(Request([longer], queries, 1, 1, 3), new ColumnObservation(), [sums]));
        Assert.Contains("320 entries, more than when it was attended", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Too_few_buffers_are_refused()
    {
        using PagePool pool = new(new PageFormat(HeadDim, EntryType.F32));
        using ThreadTeam team = new(1);
        using PagedAttention attention = new(team, pool.Format);
        using LaneFixture lane = new(pool, 4, 1);
        using NativeBuffer<float> sums = new(4);
        float[] queries = new float[2 * HeadDim];
        ArgumentException error = Assert.Throws<ArgumentException>(
            () => attention.AddColumnSums(Request([lane], queries, 1, 2, 3), new ColumnObservation { PerQueryHead = true }, [sums]));
        Assert.Contains("1 buffers are too few for 1 lanes of 2 channels", error.Message, StringComparison.Ordinal);
    }

    private static void Check<TVector>(ColumnObservation observation, int group, int tokens)
        where TVector : unmanaged, IFloatVector<TVector>
    {
        using PagePool pool = new(new PageFormat(HeadDim, EntryType.F32));
        using ThreadTeam team = new(2);
        using PagedAttention attention = new(team, pool.Format);
        LaneFixture[] lanes = [new(pool, tokens + 100, 1), new(pool, tokens + 31, 2)];
        int queryHeads = group * lanes.Length, channels = observation.Channels(group), first = lanes[0].Length - tokens;
        float[] queries = LaneFixture.Draw(new Random(3), tokens * queryHeads * HeadDim);
        AttentionRequest request = Request(lanes, queries, tokens, queryHeads, first);
        NativeBuffer<float>[] sums = [.. lanes.SelectMany(lane => Enumerable.Range(0, channels).Select(_ => new NativeBuffer<float>(lane.Length)))];
        attention.Attend<TVector>(request, new float[queries.Length]);
        attention.AddColumnSums<TVector>(request, observation, sums);
        double[][] expected = PlainAttention.Observe(request, lanes, HeadDim, observation);
        for (int i = 0; i < sums.Length; i++)
            Assert.Equal(expected[i], [.. sums[i].Span[..expected[i].Length].ToArray().Select(sum => (double)sum)], (a, b) => Math.Abs(a - b) < 1e-4);
        foreach (IDisposable owned in lanes.Concat<IDisposable>(sums))
            owned.Dispose();
    }

    private static AttentionRequest Request(LaneFixture[] lanes, float[] queries, int tokens, int queryHeads, int first) => new()
    {
        Lanes = lanes.Select(lane => lane.View).ToArray(),
        Queries = queries,
        Tokens = tokens,
        QueryHeads = queryHeads,
        FirstPositions = new[] { first },
        Scale = 0.7f,
    };

    private struct Looking : ITeamJob
    {
        public PagedAttention Attention;
        public LaneFixture[] Lanes;
        public float[] Queries;
        public bool Kept;
        public NativeBuffer<float>[] Sums;
        public float[][] Logits;

        public readonly AttentionRequest Request(int first, int count) => new()
        {
            Lanes = Lanes.Skip(first).Take(count).Select(lane => lane.View).ToArray(),
            Queries = Queries.AsSpan(first * HeadDim, count * HeadDim),
            Tokens = 1,
            QueryHeads = 1,
            FirstPositions = Lanes.Skip(first).Take(count).Select(lane => lane.Length - 1).ToArray(),
            Scale = 0.3f,
            Observed = Kept,
        };

        public readonly void Execute(int worker, int workers)
        {
            for (int i = worker; i < Lanes.Length; i += workers)
            {
                Attention.AddColumnSums(Request(i, 1), new ColumnObservation(), Sums.AsSpan(i, 1), sequence: i);
                Attention.Logits(Request(i, 1), 0, Logits[i]);
            }
        }
    }
}
