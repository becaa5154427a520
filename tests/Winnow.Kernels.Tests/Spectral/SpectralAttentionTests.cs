using Winnow.Kernels.Memory;
using Winnow.Kernels.Simd;
using Winnow.Kernels.Spectral;
using Winnow.Kernels.Threading;

namespace Winnow.Kernels.Tests.Spectral;

public sealed class SpectralAttentionTests
{
    private const float Scale = 0.4f;

    public static TheoryData<int, int, int, int, int, bool> Shapes => new()
    {
        // head size, compressed keys, compressed values, frequencies, tokens of the segment, halves
        { 5, 3, 2, 9, 40, false },
        { 32, 0, 32, 1, 1, false },
        { 32, 32, 0, 16, 64, false },
        { 64, 50, 45, 24, 700, false },
        { 80, 61, 33, 7, 1300, true },
        { 64, 0, 0, 8, 130, false },
        { 33, 33, 33, 30, 600, true },
    };

    [Theory]
    [MemberData(nameof(Shapes))]
    public void Fused_evaluation_equals_an_explicit_rebuild_at_every_vector_width(int dim, int keys, int values, int frequencies, int length, bool halves)
    {
        foreach ((int tokens, int group, float cap) in new[] { (1, 3, 0f), (1, 1, 5f), (30, 3, 0f), (2, 9, 0f) })
        {
            Check<FloatVectorScalar>(dim, keys, values, frequencies, length, halves, tokens, group, cap);
            Check<FloatVector128>(dim, keys, values, frequencies, length, halves, tokens, group, cap);
            Check<FloatVector256>(dim, keys, values, frequencies, length, halves, tokens, group, cap);
            Check<FloatVector512>(dim, keys, values, frequencies, length, halves, tokens, group, cap);
        }
    }

    [Fact]
    public void The_number_of_threads_changes_no_bit()
    {
        float[][] outputs = [.. new[] { 1, 2, 3 }.Select(threads => Run<FloatVectorScalar>(new Setting(64, 40, 44, 24, 1000, false, 3, 3, 0), threads).Output)];
        Assert.Equal(outputs[0], outputs[1]);
        Assert.Equal(outputs[0], outputs[2]);
    }

    [Fact]
    public void Sizes_that_do_not_fit_are_refused()
    {
        using SpectralBasis basis = new(100, 8);
        using ThreadTeam team = new(1);
        using SpectralAttention attention = new(team);
        using RandomSegment segment = new(new Setting(8, 4, 4, 8, 90, false, 1, 1, 0), new Random(1));
        SpectralRequest request = new()
        {
            Lanes = new[] { segment.View, segment.View }, Basis = basis, Queries = new float[24], Tokens = 1, QueryHeads = 3, HeadDim = 8, Scale = 1,
        };
        Assert.Contains("3 query heads cannot share 2 lanes", Fails(attention, request, 24), StringComparison.Ordinal);
    }

    private static string Fails(SpectralAttention attention, SpectralRequest request, int floats)
    {
        try
        {
            attention.Join(request, new float[floats], new float[floats]);
            return "";
        }
        catch (ArgumentException error)
        {
            return error.Message;
        }
    }

    private static void Check<TVector>(int dim, int keys, int values, int frequencies, int length, bool halves, int tokens, int group, float cap)
        where TVector : unmanaged, IFloatVector<TVector>
    {
        (float[] output, double[] expected) = Run<TVector>(new Setting(dim, keys, values, frequencies, length, halves, tokens, group, cap), 2);
        for (int i = 0; i < output.Length; i++)
            Assert.InRange(output[i] - expected[i], -2e-4, 2e-4);
    }

    private static (float[] Output, double[] Expected) Run<TVector>(Setting setting, int threads)
        where TVector : unmanaged, IFloatVector<TVector>
    {
        Random random = new(5);
        using SpectralBasis basis = new(setting.Length + 33, setting.Frequencies);
        RandomSegment[] lanes = [new(setting, random), new(setting, random)];
        int queryHeads = 2 * setting.Group, floats = setting.Tokens * queryHeads * setting.Dim;
        float[] queries = Draw(random, floats), output = Draw(random, floats), logSumExp = Draw(random, setting.Tokens * queryHeads);
        logSumExp[0] = float.NegativeInfinity;
        double[] expected = [.. output.Select(value => (double)value)];
        (double[][] Keys, double[][] Values)[] rebuilt = [.. lanes.Select(lane => lane.Rebuild())];
        for (int row = 0; row < logSumExp.Length; row++)
        {
            Join(rebuilt[row % queryHeads / setting.Group], setting, queries.AsSpan(row * setting.Dim, setting.Dim), logSumExp[row],
                expected.AsSpan(row * setting.Dim, setting.Dim));
        }

        using ThreadTeam team = new(threads);
        using SpectralAttention attention = new(team);
        SpectralRequest request = new()
        {
            Lanes = new[] { lanes[0].View, lanes[1].View }, Basis = basis, Queries = queries, Tokens = setting.Tokens, QueryHeads = queryHeads,
            HeadDim = setting.Dim, Scale = Scale, SoftCap = setting.Cap,
        };
        attention.Join<TVector>(request, output, logSumExp);
        foreach (RandomSegment lane in lanes)
            lane.Dispose();
        return (output, expected);
    }

    /// <summary>Plain softmax over rebuilt tokens in double precision.</summary>
    private static void Join((double[][] Keys, double[][] Values) lane, Setting setting, ReadOnlySpan<float> query, float pages, Span<double> output)
    {
        double total = Math.Exp(pages);
        for (int i = 0; i < output.Length; i++)
            output[i] *= total;
        for (int token = 0; token < setting.Length; token++)
        {
            double[] key = lane.Keys[token], value = lane.Values[token];
            double score = 0;
            for (int i = 0; i < key.Length; i++)
                score += query[i] * key[i] * Scale;
            double weight = Math.Exp(setting.Cap > 0 ? setting.Cap * Math.Tanh(score / setting.Cap) : score);
            total += weight;
            for (int i = 0; i < value.Length; i++)
                output[i] += weight * value[i];
        }

        for (int i = 0; i < output.Length; i++)
            output[i] /= total;
    }

    private static float[] Draw(Random random, int count) => [.. Enumerable.Range(0, count).Select(_ => (float)(random.NextDouble() * 2 - 1))];

    private readonly record struct Setting(int Dim, int Keys, int Values, int Frequencies, int Length, bool Halves, int Tokens, int Group, float Cap);

    private sealed class RandomSegment(Setting setting, Random random) : IDisposable
    {
        public RandomChannels Keys { get; } = new(setting, setting.Keys, true, random);

        public RandomChannels Values { get; } = new(setting, setting.Values, false, random);

        public SpectralView View => new(setting.Length, Keys.View, Values.View);

        public (double[][] Keys, double[][] Values) Rebuild() =>
            ([.. Enumerable.Range(0, setting.Length).Select(Keys.Rebuild)], [.. Enumerable.Range(0, setting.Length).Select(Values.Rebuild)]);

        public void Dispose()
        {
            Keys.Dispose();
            Values.Dispose();
        }
    }

    private sealed class RandomChannels : IDisposable
    {
        private readonly Setting _setting;
        private readonly bool _keys;
        private readonly NativeBuffer<int> _kept, _compressed;
        private readonly NativeBuffer<ushort> _entries, _halves;
        private readonly NativeBuffer<float> _states, _scales, _offsets;

        public RandomChannels(Setting setting, int compressed, bool keys, Random random)
        {
            (_setting, _keys) = (setting, keys);
            int[] order = [.. Enumerable.Range(0, setting.Dim).OrderBy(_ => random.Next())];
            _kept = Fill([.. order[compressed..].Order()]);
            _compressed = Fill([.. order[..compressed].Order()]);
            _entries = Fill([.. Draw(random, (setting.Length + 63) / 64 * 64 * _kept.Length + 16).Select(value => BitConverter.HalfToUInt16Bits((Half)value))]);
            float[] states = [.. Draw(random, compressed * 2 * setting.Frequencies + 16).Select(value => (float)(Half)value)];
            (_states, _halves) = (Fill(states), Fill([.. states.Select(value => BitConverter.HalfToUInt16Bits((Half)value))]));
            (_scales, _offsets) = (Fill([.. Draw(random, compressed).Select(value => value / setting.Frequencies)]), Fill(Draw(random, compressed)));
        }

        public SpectralChannelView View =>
            new(_kept, _compressed, _entries, _setting.Halves ? null : _states, _setting.Halves ? _halves : null, _scales, _offsets);

        public double[] Rebuild(int token)
        {
            double[] vector = new double[_setting.Dim];
            int count = _kept.Length, block = token / 64 * 64 * count, slot = token % 64;
            for (int i = 0; i < count; i++)
                vector[_kept.Span[i]] = (double)BitConverter.UInt16BitsToHalf(_entries.Span[block + (_keys ? i * 64 + slot : slot * count + i)]);
            for (int i = 0; i < _compressed.Length; i++)
            {
                double curve = 0;
                for (int f = 0; f < _setting.Frequencies; f++)
                {
                    (double sin, double cos) = Math.SinCos(2 * Math.PI * f * token / (_setting.Length + 33));
                    int at = i * 2 * _setting.Frequencies + f;
                    curve += (_states.Span[at] * cos) + (_states.Span[at + _setting.Frequencies] * sin);
                }

                vector[_compressed.Span[i]] = (_scales.Span[i] * curve) + _offsets.Span[i];
            }

            return vector;
        }

        public void Dispose()
        {
            foreach (IDisposable buffer in new IDisposable[] { _kept, _compressed, _entries, _halves, _states, _scales, _offsets })
                buffer.Dispose();
        }

        private static NativeBuffer<T> Fill<T>(T[] values)
            where T : unmanaged
        {
            NativeBuffer<T> buffer = new(values.Length);
            values.CopyTo(buffer.Span);
            return buffer;
        }
    }
}
