using Winnow.Caching;
using Winnow.Caching.Policies;
using Winnow.Caching.Spectral;
using Winnow.Caching.Storage;
using Winnow.Kernels.Attention;
using Winnow.Kernels.Spectral;
using Winnow.Kernels.Threading;

namespace Winnow.Tests.Caching.Policies;

public sealed class FourierTests : IDisposable
{
    private const string Fixed = "fourier:local=60,k=16,quotas=0.5/0.6";
    private readonly TinyLlamaFile _file = new();
    private readonly LanguageModel _model;

    public FourierTests() => _model = _file.Load();

    public void Dispose()
    {
        _model.Dispose();
        _file.Dispose();
    }

    [Fact]
    public void Fourier_KnownAnswer5_spectral_scores_and_values_equal_the_explicit_rebuild()
    {
        const int Period = 64, K = 9, Length = 40, Dim = 5;
        Random random = new(3);
        using SpectralBasis basis = new(Period, K);
        using SpectralSegment segment = new(
            basis, Dim, new SpectralChannels([1, 4], [0, 2, 3], new SpectralForm(true, K, false, false)),
            new SpectralChannels([], [0, 1, 2, 3, 4], new SpectralForm(false, K, false, false)));
        for (int i = 0; i < 5; i++)
            segment.Values.Scales[i] = 0.1f * (i + 1);
        (segment.Keys.Scales[0], segment.Keys.Scales[1], segment.Keys.Scales[2], segment.Keys.Offsets[2]) = (0.2f, 0.1f, -0.3f, 0.4f);
        for (int t = 0; t < Length; t++)
            segment.Append(Draw(random, Dim), Draw(random, Dim), new float[4 * K]);
        float[] query = Draw(random, Dim), output = new float[Dim];
        using ThreadTeam team = new(1);
        using SpectralAttention attention = new(team);
        attention.Join(
            new SpectralRequest { Lanes = new[] { segment.View }, Basis = basis, Queries = query, Tokens = 1, QueryHeads = 1, HeadDim = Dim, Scale = 1 },
            output, [float.NegativeInfinity]);
        Assert.Equal(Plain(segment, query, Dim), output, (a, b) => MathF.Abs(a - b) < 2e-5f);
    }

    [Theory]
    [InlineData("fourier:local=60,k=16,quotas=0/0", "50%", 300, 0.004)]
    [InlineData("fourier:local=255,k=40", "50%", 300, 0)]
    [InlineData("fourier", "600", 300, 0)]
    public void Fourier_Property7_nothing_compressed_is_the_dense_cache(string policy, string keep, int prompt, double tolerance)
    {
        // Without quotas the middle is stored token by token; only the order of sums differs.
        using Sequence dense = Create("full", "100%"), guided = Create(policy, keep);
        float[] a = dense.Prefill(TinyLlamaFile.Tokens(prompt)).ToArray(), b = guided.Prefill(TinyLlamaFile.Tokens(prompt)).ToArray();
        Assert.Equal(a, b);
        for (int token = 20; token < 40; token++)
            Assert.InRange(Distance(dense.Decode(token), guided.Decode(token)), 0, tolerance);
    }

    [Fact]
    public void Fourier_Property11_a_needle_in_a_kept_channel_is_found_at_any_depth_and_fades_with_fewer_frequencies_in_a_compressed_one()
    {
        foreach (int depth in new[] { 10, 150, 300, 440 })
        {
            Assert.True(Needle(depth, kept: true, k: 8) > 0.95f);
            float[] found = [.. new[] { 4, 16, 64, 230 }.Select(k => Needle(depth, kept: false, k))];
            Assert.True(found[0] < 0.5f);
            Assert.True(found[^1] > found[0]);
        }
    }

    [Theory]
    [InlineData("f32", 4)]
    [InlineData("f16", 2)]
    public void Bytes_meet_the_formula_of_the_paper_within_two_per_cent(string states, int stateBytes)
    {
        const int Prompt = 1344, Init = 4, Local = 60, K = 64, Dim = 32, Lanes = TinyLlamaFile.Layers * TinyLlamaFile.KvHeads;
        using Sequence sequence = Create($"fourier:local={Local},k={K},quotas=0.75/0.5,states={states}", "50%");
        sequence.Prefill(TinyLlamaFile.Tokens(Prompt));
        long before = sequence.Cache.KvBytes;
        int middle = Prompt - Init - Local;
        double window = 2.0 * Dim * (Init + Local) * 2;
        double share = (0.75 + 0.5) / 2, kept = 2 * (1 - share) * Dim * middle * 2, sums = 2 * share * Dim * 2 * K * stateBytes;
        Assert.InRange(before / (Lanes * (window + kept + sums)), 0.98, 1.02);
        Assert.Equal(before, Lanes * KvLayout.PagesFor(64) * (long)sequence.Cache.Layout.Format.PayloadBytes + sequence.Cache.SegmentBytes);
        for (int i = 0; i < 128; i++)
            sequence.Decode(5 + i);
        // Two more blocks of kept channels; the sums do not grow.
        Assert.Equal(Lanes * 128L * (8 + 16) * 2, sequence.Cache.KvBytes - before);
    }

    [Theory]
    [InlineData(EntryType.Q8_0, 0.5)]
    [InlineData(EntryType.F16, 0.01)]
    public void With_sizes_fixed_entries_of_fewer_bits_stay_close(EntryType type, double tolerance)
    {
        using Sequence exact = Create(Fixed, "50%", EntryType.F32), coarse = Create(Fixed, "50%", type);
        exact.Prefill(TinyLlamaFile.Tokens(300));
        coarse.Prefill(TinyLlamaFile.Tokens(300));
        Assert.InRange(Distance(exact.Decode(9), coarse.Decode(9)), 0, tolerance);
        Assert.True(coarse.Cache.KvBytes < exact.Cache.KvBytes);
    }

    [Fact]
    public void Export_and_import_continue_to_the_last_bit_and_broken_streams_are_refused()
    {
        foreach (string policy in new[] { Fixed, Fixed + ",states=f16,refit=10" })
        {
            using Sequence trunk = Create(policy, "50%");
            trunk.Prefill(TinyLlamaFile.Tokens(300));
            trunk.Decode(7);
            using MemoryStream stream = new();
            trunk.Export(stream);
            stream.Position = 0;
            using Sequence copy = _model.ImportSequence(stream, PolicyCatalogue.Parse(policy, Budget.Parse("50%")));
            Assert.Equal(trunk.Cache.KvBytes, copy.Cache.KvBytes);
            for (int token = 30; token < 50; token++)
                Assert.Equal(trunk.Decode(token).ToArray(), copy.Decode(token).ToArray());
            byte[] whole = stream.ToArray();
            for (int length = 0; length < whole.Length; length += whole.Length / 23)
            {
                using MemoryStream part = new(whole[..length]);
                Assert.Throws<WinnowException>(() => _model.ImportSequence(part, PolicyCatalogue.Parse(policy, Budget.Parse("50%"))));
            }

            stream.Position = 0;
            Assert.Contains(
                "'states' or 'refit'", Assert.Throws<WinnowException>(() => _model.ImportSequence(
                    stream, PolicyCatalogue.Parse(Fixed + ",states=f16,refit=0", Budget.Parse("50%")))).Message,
                StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Answers_longer_than_the_period_go_on_with_a_longer_one()
    {
        using Sequence brief = Create(Fixed + ",max-tokens=5", "50%"), ample = Create(Fixed + ",max-tokens=200", "50%");
        brief.Prefill(TinyLlamaFile.Tokens(300));
        ample.Prefill(TinyLlamaFile.Tokens(300));
        for (int token = 0; token < 150; token++)
        {
            Assert.All(brief.Decode(5 + token).ToArray(), logit => Assert.True(float.IsFinite(logit)));
            ample.Decode(5 + token);
        }

        Assert.Equal(ample.Cache.KvBytes, brief.Cache.KvBytes);
    }

    [Fact]
    public void A_renewed_period_rebuilds_much_the_same()
    {
        const int K = 12;
        using SpectralBasis narrow = new(200, K), wide = new(260, K);
        using SpectralSegment segment = new(
            narrow, 1, new SpectralChannels([], [0], new SpectralForm(true, K, false, true)),
            new SpectralChannels([0], [], new SpectralForm(false, K, false, true)));
        for (int t = 0; t < 200; t++)
            segment.Append([MathF.Sin(t / 25f) + 2], [t], new float[4 * K]);
        Assert.Throws<InvalidOperationException>(() => segment.Append([0], [0], new float[4 * K]));
        segment.Refit(leastSquares: true);
        float[] before = Rebuilt(segment), series = [.. Enumerable.Range(0, 200).Select(t => MathF.Sin(t / 25f) + 2)];
        Assert.InRange(Mean(before, series), 0, 0.02);
        segment.Rebase(wide, leastSquares: true);
        // A text shorter than the new period is a step in the curve, so some of the variance of one half is lost.
        Assert.InRange(Mean(Rebuilt(segment), before), 0, 0.05);
        segment.Append([2], [200], new float[4 * K]);
        Assert.Equal((201, 260), (segment.Length, segment.Basis.Period));
    }

    [Fact]
    public void A_short_prompt_that_grows_long_is_compressed_too()
    {
        using Sequence sequence = Create("fourier:local=20,k=8,quotas=0.5/0.5", "100");
        sequence.Prefill(TinyLlamaFile.Tokens(50));
        Assert.Equal(0, sequence.Cache.SegmentBytes);
        for (int token = 0; token < 100; token++)
            sequence.Decode(5 + token);
        Assert.True(sequence.Cache.SegmentBytes > 0);
        Assert.Equal(24, sequence.Cache[1, 1].Length);
        Assert.Equal([0, 1, 2, 3, 130], sequence.Cache[1, 1].Positions.ToArray().Order().Take(5));
    }

    [Fact]
    public void A_second_prompt_sees_the_middle_and_moves_into_it()
    {
        using Sequence whole = Create("fourier:local=60,k=16,quotas=0/0", "50%"), dense = Create("full", "100%");
        foreach (Sequence sequence in new[] { whole, dense })
            sequence.Prefill(TinyLlamaFile.Tokens(300));
        float[] a = whole.Prefill(TinyLlamaFile.Tokens(150, seed: 9)).ToArray(), b = dense.Prefill(TinyLlamaFile.Tokens(150, seed: 9)).ToArray();
        Assert.InRange(Distance(b, a), 0, 0.004);
        Assert.Equal(64, whole.Cache[0, 0].Length);
        Assert.InRange(Distance(dense.Decode(8), whole.Decode(8)), 0, 0.004);
    }

    [Theory]
    [InlineData("fourier:quotas=most", "quotas")]
    [InlineData("fourier:quotas=0.5/1.5", "quotas")]
    [InlineData("fourier:quotas=file", "add channels=FILE")]
    [InlineData("fourier:local=0", "local")]
    [InlineData("fourier:channels=nowhere.json", "cannot be read")]
    public void Options_that_cannot_work_are_refused(string policy, string word) => Assert.Contains(
        word, Assert.Throws<WinnowException>(() => PolicyCatalogue.Parse(policy, Budget.Parse("50%"))).Message, StringComparison.Ordinal);

    /// <summary>Share of the attention that a query gives one planted entry of 500.</summary>
    private static float Needle(int depth, bool kept, int k)
    {
        const int Length = 500;
        using SpectralBasis basis = new(Length, k);
        using PagePool pool = new(new PageFormat(2, EntryType.F32));
        SpectralForm form = new(true, k, false, true);
        using SpectralSegment segment = new(
            basis, 2, kept ? new SpectralChannels([0], [1], form) : new SpectralChannels([1], [0], form),
            new SpectralChannels([0, 1], [], form with { Keys = false }));
        for (int t = 0; t < Length; t++)
            segment.Append([t == depth ? 12 : 0, 0], [t == depth ? 1 : 0, 0], new float[4 * k]);
        segment.Refit(leastSquares: true);
        using ThreadTeam team = new(1);
        using SpectralAttention attention = new(team);
        float[] output = new float[2];
        attention.Join(
            new SpectralRequest
            {
                Lanes = new[] { segment.View }, Basis = basis, Queries = new float[] { 1, 0 }, Tokens = 1, QueryHeads = 1, HeadDim = 2, Scale = 1,
            },
            output, [float.NegativeInfinity]);
        return output[0];
    }

    private static float[] Rebuilt(SpectralSegment segment) => [.. Enumerable.Range(0, 200).Select(t =>
    {
        float[] vector = new float[1];
        segment.Rebuild(t, keys: true, vector);
        return vector[0];
    })];

    private static double Mean(float[] a, float[] b) => a.Zip(b, (x, y) => Math.Pow(x - y, 2)).Average();

    private static float[] Plain(SpectralSegment segment, float[] query, int dim)
    {
        float[] key = new float[dim], value = new float[dim];
        double[] output = new double[dim];
        double total = 0;
        for (int t = 0; t < segment.Length; t++)
        {
            segment.Rebuild(t, keys: true, key);
            segment.Rebuild(t, keys: false, value);
            double weight = Math.Exp(query.Zip(key, (q, x) => (double)q * x).Sum());
            total += weight;
            for (int i = 0; i < dim; i++)
                output[i] += weight * value[i];
        }

        return [.. output.Select(sum => (float)(sum / total))];
    }

    private static float[] Draw(Random random, int count) => [.. Enumerable.Range(0, count).Select(_ => (float)(random.NextDouble() * 2 - 1))];

    private static double Distance(ReadOnlySpan<float> expected, ReadOnlySpan<float> actual)
    {
        double difference = 0, size = 0;
        for (int i = 0; i < expected.Length; i++)
        {
            difference += Math.Pow(expected[i] - actual[i], 2);
            size += Math.Pow(expected[i], 2);
        }

        return Math.Sqrt(difference / size);
    }

    private Sequence Create(string policy, string keep, EntryType type = EntryType.F16) =>
        _model.CreateSequence(PolicyCatalogue.Parse(policy, Budget.Parse(keep)), type);
}
