using Winnow.Caching.Statistics;
using Winnow.Kernels.Elementwise;

namespace Winnow.Tests.Caching.Statistics;

public sealed class MeanRotationTests
{
    [Theory]
    [InlineData(RotaryStyle.Half, 8)]
    [InlineData(RotaryStyle.Interleaved, 8)]
    [InlineData(RotaryStyle.Half, 4)]
    [InlineData(RotaryStyle.Interleaved, 4)]
    public void Turning_the_key_back_equals_turning_the_query_forward_on_average(RotaryStyle style, int rotaryDimension)
    {
        const int first = 90, count = 40;
        using RotaryTable table = new(rotaryDimension, 16, [.. Enumerable.Range(0, rotaryDimension / 2).Select(i => Math.Pow(50, -2.0 * i / rotaryDimension))], 1.3);
        float[] query = [.3f, -1, .7f, .2f, 1.1f, -.4f, .9f, -.6f], key = [1, .5f, -.8f, .1f, .6f, -.9f, .2f, .4f];
        table.EnsurePositions(first + count);
        double mean = Enumerable.Range(first, count).Average(position =>
        {
            float[] turned = [.. query];
            Rotary.Apply(table, style, turned, 8, position);
            return Dot(turned, key);
        });
        MeanRotation rotation = new();
        rotation.Prepare(table, style, first, count);
        rotation.ApplyTransposed(key);
        Assert.Equal(mean, Dot(query, key), 1e-5);
    }

    [Fact]
    public void A_model_that_does_not_rotate_changes_nothing()
    {
        MeanRotation rotation = new();
        rotation.Prepare(null, RotaryStyle.Half, 5, 5);
        float[] key = [1, 2, 3];
        rotation.ApplyTransposed(key);
        Assert.Equal([1, 2, 3], key);
    }

    private static double Dot(float[] a, float[] b) => a.Zip(b, (x, y) => (double)x * y).Sum();
}
