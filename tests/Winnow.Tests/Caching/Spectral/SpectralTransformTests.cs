using Winnow.Caching.Spectral;
using Winnow.Caching.Storage;
using Winnow.Kernels.Memory;
using Winnow.Kernels.Spectral;

namespace Winnow.Tests.Caching.Spectral;

/// <summary>Sums, rebuild and fit of single series; known answers of the paper's method worked out by hand.</summary>
public sealed class SpectralTransformTests
{
    [Fact]
    public void Fourier_KnownAnswer1_sums_rebuild_and_fit()
    {
        float[] u = [1, 2, 3, 2, 1, 0];
        Curve curve = new(u, 8, 3);
        Same([9, 0, -1], curve.Cosines);
        Same([0, 5.8284f, 0], curve.Sines);
        Same([2.6667f, 4.3738f, 5.2761f, 4.3738f, 2.6667f, 1.6262f], [.. curve.Values.Select(value => value / 3)]);
        // Ours leaves out 1/k, so the scale carries it.
        Assert.Equal(0.8017f / 3, curve.Fit.Scale, 1e-4f);
        Assert.Equal(1.5f - 0.8017f * 3.4972f, curve.Fit.Offset, 1e-3f);
        float error = curve.Fit.Apply(u, curve.Values);
        Same([0.8341f, 2.2028f, 2.9262f, 2.2028f, 0.8341f, 0], curve.Values);
        Assert.Equal(0.0238f, error, 1e-4f);
    }

    [Fact]
    public void Fourier_KnownAnswer2_an_appended_token_has_the_index_before_it_is_counted()
    {
        using SpectralBasis basis = new(8, 3);
        using SpectralSegment segment = Segment(basis, 1);
        foreach (float u in new float[] { 1, 2, 3, 2, 1, 0, 0.5f })
            segment.Append([u], [u], new float[12]);
        float[] row = new float[6];
        segment.Keys.ReadState(0, row);
        Same([9.5f, 0, -1.5f, 0, 5.3284f, 0], row);
        Curve whole = new([1, 2, 3, 2, 1, 0, 0.5f], 8, 3);
        Same([.. whole.Cosines, .. whole.Sines], row);
    }

    [Fact]
    public void Fourier_KnownAnswer3_a_tone_within_the_band_is_rebuilt_exactly()
    {
        float[] u = [.. Enumerable.Range(0, 8).Select(t => MathF.Cos(2 * MathF.PI * 2 * t / 8) + 0.5f)];
        Curve curve = new(u, 8, 3);
        Same([2.6667f, 1.3333f, 0, 1.3333f], [.. curve.Values[..4].Select(value => value / 3)]);
        Assert.Equal(0.75f / 3, curve.Fit.Scale, 1e-4f);
        curve.Fit.Apply(u, curve.Values);
        Same([1.5f, 0.5f, -0.5f, 0.5f, 1.5f, 0.5f, -0.5f, 0.5f], curve.Values);
    }

    [Fact]
    public void Fourier_KnownAnswer4_with_all_frequencies_the_raw_rebuild_is_the_input() =>
        Same([1, 2, 3, 2, 1, 0, -1, 4], [.. new Curve([1, 2, 3, 2, 1, 0, -1, 4], 8, 8).Values.Select(value => value / 8)]);

    [Fact]
    public void Fourier_KnownAnswer6_quotas_of_1024_channels()
    {
        Assert.Equal([921, 972, 819, 512, 716], new[] { 0.9, 0.95, 0.8, 0.5, 0.7 }.Select(share => ChannelQuotas.Count(share, 1024)));
        IEnumerable<(double Keys, double Values)> layers = Enumerable.Range(0, 32).Select(layer => ChannelQuotas.Published(layer, 32));
        int total = layers.Sum(layer => ChannelQuotas.Count(layer.Keys, 1024) + ChannelQuotas.Count(layer.Values, 1024));
        Assert.Equal(0.7653, total / (64 * 1024.0), 1e-4);
        Assert.Equal(((0.9, 0.95), (0.8, 0.8), (0.8, 0.8), (0.5, 0.7)), (Of(3), Of(4), Of(19), Of(20)));
        static (double, double) Of(int layer) => ChannelQuotas.Published(layer, 28);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(0.3)]
    [InlineData(0.9)]
    [InlineData(1)]
    public void A_bent_pyramid_has_the_mean_asked_for_and_keeps_its_order(double mean)
    {
        (double Keys, double Values)[] layers = [.. Enumerable.Range(0, 30).Select(layer => ChannelQuotas.Bent(layer, 30, mean))];
        Assert.Equal(mean, layers.Average(layer => (layer.Keys + layer.Values) / 2), 1e-9);
        Assert.All(layers, layer => Assert.True(layer.Keys is >= 0 and <= 1.000001 && layer.Values is >= 0 and <= 1.000001));
        Assert.True(layers[0].Values >= layers[0].Keys && layers[0].Keys >= layers[^1].Keys);
    }

    [Fact]
    public void Fourier_Property8_in_one_go_and_token_by_token_give_the_same_sums()
    {
        const int Length = 700, K = 21;
        float[] u = Noise(Length, 1);
        Curve whole = new(u, 900, K);
        using SpectralBasis basis = new(900, K);
        using SpectralSegment segment = Segment(basis, 1);
        foreach (float value in u)
            segment.Append([value], [value], new float[4 * K]);
        float[] row = new float[2 * K];
        segment.Values.ReadState(0, row);
        Assert.Equal(Length, segment.Length);
        float size = row.Max(MathF.Abs);
        Assert.Equal([.. whole.Cosines, .. whole.Sines], row, (a, b) => MathF.Abs(a - b) < 1e-4f * size);
    }

    [Fact]
    public void Fourier_Property9_sums_are_linear_and_a_constant_is_rebuilt_exactly()
    {
        float[] u = Noise(200, 1), v = Noise(200, 2);
        Curve both = new([.. u.Zip(v, (a, b) => a + b)], 300, 12), first = new(u, 300, 12), second = new(v, 300, 12);
        Assert.Equal(both.Cosines, first.Cosines.Zip(second.Cosines, (a, b) => a + b), (a, b) => MathF.Abs(a - b) < 1e-3f);
        foreach (int period in new[] { 200, 300 })
        {
            float[] constant = [.. Enumerable.Repeat(0.7f, 200)];
            Curve flat = new(constant, period, 12);
            flat.Fit.Apply(constant, flat.Values);
            Assert.All(flat.Values, value => Assert.Equal(0.7f, value, 1e-5f));
        }
    }

    [Fact]
    public void Fourier_Property10_errors_fall_with_frequencies_and_slow_channels_rank_first()
    {
        Random random = new(4);
        float[] slow = Tones(random, 1, 12), fast = Tones(random, 60, 100);
        float[] errors = [.. new[] { 2, 4, 8, 16 }.Select(k => Error(slow, k))];
        Assert.Equal(errors.OrderDescending(), errors);
        Assert.True(errors[^1] < 1e-6f);
        Assert.True(Error(slow, 14) < Error(fast, 14));
        Assert.Equal([1], ChannelSet.Best([Error(fast, 14), Error(slow, 14)], 1).Compressed);
    }

    [Fact]
    public void Phases_of_long_texts_are_exact()
    {
        using SpectralBasis basis = new(131_071, 512);
        float[] row = new float[1024];
        basis.Row(131_000, row);
        for (int f = 0; f < 512; f += 73)
        {
            (double sin, double cos) = Math.SinCos(2 * Math.PI * ((long)f * 131_000 % 131_071) / 131_071);
            Assert.Equal(cos, row[f], 1e-6);
            Assert.Equal(sin, row[512 + f], 1e-6);
        }
    }

    [Fact]
    public void Least_squares_never_lose_to_deviations()
    {
        for (int seed = 0; seed < 20; seed++)
        {
            float[] series = Noise(300, seed);
            Curve curve = new(series, 400, 10);
            float[] copy = [.. curve.Values];
            Assert.True(AffineFit.Of(series, copy, leastSquares: true).Apply(series, copy) <= curve.Fit.Apply(series, curve.Values) + 1e-7f);
        }
    }

    private static float Error(float[] series, int k)
    {
        Curve curve = new(series, series.Length, k);
        return curve.Fit.Apply(series, curve.Values);
    }

    private static float[] Tones(Random random, int first, int last)
    {
        float[] series = new float[512];
        for (int f = first; f <= last; f++)
        {
            double phase = random.NextDouble() * 6;
            for (int t = 0; t < series.Length; t++)
                series[t] += (float)(Math.Cos((2 * Math.PI * f * t / 512) + phase) / (last - first + 1));
        }

        return series;
    }

    private static float[] Noise(int count, int seed)
    {
        Random random = new(seed);
        return [.. Enumerable.Range(0, count).Select(_ => (float)(random.NextDouble() * 2 - 1))];
    }

    private static SpectralSegment Segment(SpectralBasis basis, int dim)
    {
        int[] all = [.. Enumerable.Range(0, dim)];
        return new(basis, dim, new SpectralChannels([], all, new SpectralForm(true, basis.Frequencies, false, false)),
            new SpectralChannels([], all, new SpectralForm(false, basis.Frequencies, false, false)));
    }

    private static void Same(float[] expected, float[] actual) => Assert.Equal(expected, actual, (a, b) => MathF.Abs(a - b) < 2e-4f);

    private sealed class Curve
    {
        public Curve(float[] series, int period, int k)
        {
            int stride = (series.Length + 63) / 64 * 64;
            using SpectralBasis basis = new(period, k);
            using NativeBuffer<float> input = new(stride), states = new(basis.Width), output = new(stride);
            series.CopyTo(input.Span);
            SpectralTransform.Analyse(basis, input, 1, stride, series.Length, states);
            SpectralTransform.Synthesise(basis, states, 1, stride, series.Length, output);
            (Cosines, Sines) = (states.Span[..k].ToArray(), states.Span.Slice(basis.PaddedFrequencies, k).ToArray());
            Values = output.Span[..series.Length].ToArray();
            Fit = AffineFit.Of(series, Values, leastSquares: false);
        }

        public float[] Cosines { get; }

        public float[] Sines { get; }

        public float[] Values { get; }

        public AffineFit Fit { get; }
    }
}
