using Winnow.Models;

namespace Winnow.Tests.Models;

/// <summary>Expected values come from the published formulas, evaluated apart from this code.</summary>
public sealed class RopeFrequenciesTests
{
    [Fact]
    public void Plain_frequencies_fall_from_one_by_powers_of_the_base() =>
        Assert.Equal([1, 0.1, 0.01, 0.001], RopeFrequencies.Plain(10_000, 8).Select(frequency => Math.Round(frequency, 12)));

    [Fact]
    public void Linear_scaling_divides_every_frequency()
    {
        (double[] frequencies, double magnitude) = RopeFrequencies.Compute(
            Rotary(10_000, 4, new RotaryScaling { Kind = RotaryScalingKind.Linear, Factor = 4 }));
        Assert.Equal([0.25, 0.0025], frequencies.Select(frequency => Math.Round(frequency, 12)));
        Assert.Equal(1, magnitude);
    }

    [Theory]
    [InlineData(0, 1.0)]
    [InlineData(28, 0.003211445994752591)]
    [InlineData(29, 0.002166570763503359)]
    [InlineData(34, 0.0001785078127679964)]
    [InlineData(35, 9.556212353964683e-05)]
    [InlineData(63, 3.068925988914511e-07)]
    public void Llama_3_keeps_short_waves_and_divides_long_ones(int pair, double expected)
    {
        RotaryScaling scaling = new()
        {
            Kind = RotaryScalingKind.Llama3,
            Factor = 8,
            LowFrequencyFactor = 1,
            HighFrequencyFactor = 4,
            OriginalContextLength = 8192,
        };
        Assert.Equal(expected, RopeFrequencies.Compute(Rotary(500_000, 128, scaling)).InverseFrequencies[pair], expected * 1e-12);
    }

    [Theory]
    [InlineData(0, 1.0)]
    [InlineData(23, 0.006978305848598663)]
    [InlineData(24, 0.005375321490790102)]
    [InlineData(30, 0.001064360981247002)]
    [InlineData(40, 4.445698525097307e-05)]
    [InlineData(63, 3.102344401879299e-07)]
    public void Yarn_passes_from_kept_to_divided_between_its_two_borders(int pair, double expected)
    {
        RotaryScaling scaling = new() { Kind = RotaryScalingKind.Yarn, Factor = 4, OriginalContextLength = 32_768 };
        (double[] frequencies, double magnitude) = RopeFrequencies.Compute(Rotary(1_000_000, 128, scaling));
        Assert.Equal(expected, frequencies[pair], expected * 1e-12);
        Assert.Equal(1.138629436111989, magnitude, 1e-12);
    }

    [Fact]
    public void Yarn_with_equal_mscales_leaves_the_magnitude_alone()
    {
        RotaryScaling scaling = new()
        {
            Kind = RotaryScalingKind.Yarn,
            Factor = 40,
            OriginalContextLength = 4096,
            Mscale = 0.707,
            MscaleAllDimensions = 0.707,
        };
        Assert.Equal(1, RopeFrequencies.Compute(Rotary(10_000, 64, scaling)).Magnitude, 1e-12);
    }

    [Fact]
    public void Long_rope_divides_pair_by_pair_and_raises_the_magnitude()
    {
        RotaryScaling scaling = new() { Kind = RotaryScalingKind.LongRope, Factor = 32, OriginalContextLength = 4096, Divisors = [2, 5] };
        (double[] frequencies, double magnitude) = RopeFrequencies.Compute(Rotary(10_000, 4, scaling));
        Assert.Equal([0.5, 0.002], frequencies.Select(frequency => Math.Round(frequency, 12)));
        // √(1 + log 32 / log 4096) = √(1 + 5/12).
        Assert.Equal(Math.Sqrt(17.0 / 12), magnitude, 1e-12);
    }

    [Fact]
    public void Divisors_of_another_number_are_refused()
    {
        RotaryScaling scaling = new() { Divisors = [1, 2, 3] };
        Assert.Contains("3 divisors for 2 pairs", Assert.Throws<WinnowException>(() => RopeFrequencies.Compute(Rotary(10_000, 4, scaling))).Message, StringComparison.Ordinal);
    }

    private static RotaryConfig Rotary(double theta, int dimension, RotaryScaling scaling) =>
        new() { Theta = theta, Dimension = dimension, Scaling = scaling };
}
