using Winnow.Kernels.Elementwise;
using Winnow.Kernels.Tests.Linear;

namespace Winnow.Kernels.Tests.Elementwise;

public sealed class RotaryTests
{
    private static readonly double[] Frequencies = [.. Enumerable.Range(0, 10).Select(i => Math.Pow(10_000, -i / 10.0))];

    [Theory]
    [InlineData(RotaryStyle.Half)]
    [InlineData(RotaryStyle.Interleaved)]
    public void Pairs_turn_by_position_times_frequency(RotaryStyle style)
    {
        // Two heads of 24 values, of which 20 turn: a rest after whole vectors, and values left alone.
        using var table = new RotaryTable(20, 8, Frequencies, magnitude: 1.25);
        float[] heads = TestMatrices.Gaussian(48, seed: 1), turned = [.. heads];
        Rotary.Apply(table, style, turned, 24, position: 5);
        for (int head = 0; head < 48; head += 24)
        {
            for (int pair = 0; pair < 10; pair++)
            {
                (int a, int b) = style == RotaryStyle.Half ? (head + pair, head + pair + 10) : (head + 2 * pair, head + 2 * pair + 1);
                (double sin, double cos) = Math.SinCos(5 * Frequencies[pair]);
                Assert.Equal(1.25 * (heads[a] * cos - heads[b] * sin), turned[a], 1e-5);
                Assert.Equal(1.25 * (heads[b] * cos + heads[a] * sin), turned[b], 1e-5);
            }
            Assert.Equal(heads.AsSpan(head + 20, 4), turned.AsSpan(head + 20, 4));
        }
    }

    [Fact]
    public void Scores_depend_on_distance_alone()
    {
        using var table = new RotaryTable(20, 1, Frequencies);
        table.EnsurePositions(5000);
        double near = Score(table, 3, 10), far = Score(table, 4003, 4010);
        Assert.Equal(near, far, 1e-3);
    }

    [Fact]
    public void Growing_keeps_what_was_computed()
    {
        using var table = new RotaryTable(20, 4, Frequencies);
        float[] before = [.. table.CosForPosition(3), .. table.SinForPosition(3)];
        table.EnsurePositions(1000);
        float[] after = [.. table.CosForPosition(3), .. table.SinForPosition(3)];
        Assert.Equal(before, after);
        Assert.True(table.Positions >= 1000);
        Assert.Equal((float)Math.Cos(999), table.CosForPosition(999)[0]);
    }

    [Fact]
    public void Positions_outside_the_table_are_refused()
    {
        using var table = new RotaryTable(20, 4, Frequencies);
        Assert.Throws<ArgumentOutOfRangeException>(() => Rotary.Apply(table, RotaryStyle.Half, new float[20], 20, 4));
        Assert.Throws<ArgumentException>(() => Rotary.Apply(table, RotaryStyle.Half, new float[16], 16, 0));
        Assert.Throws<ArgumentException>(() => new RotaryTable(20, 4, Frequencies.AsSpan(1)));
    }

    private static double Score(RotaryTable table, int queryPosition, int keyPosition)
    {
        float[] query = TestMatrices.Gaussian(20, seed: 2), key = TestMatrices.Gaussian(20, seed: 3);
        Rotary.Apply(table, RotaryStyle.Half, query, 20, queryPosition);
        Rotary.Apply(table, RotaryStyle.Half, key, 20, keyPosition);
        return query.Zip(key, (a, b) => (double)a * b).Sum();
    }
}
