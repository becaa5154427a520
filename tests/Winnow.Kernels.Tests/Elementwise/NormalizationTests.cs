using Winnow.Kernels.Elementwise;
using Winnow.Kernels.Tests.Linear;

namespace Winnow.Kernels.Tests.Elementwise;

public sealed class NormalizationTests
{
    [Fact]
    public void Rms_norm_divides_by_the_root_mean_square()
    {
        float[] y = new float[2];
        Normalization.RmsNorm([3, 4], [1, 2], 0, y);
        Assert.Equal([3 / 3.5355339f, 8 / 3.5355339f], y, (a, b) => Math.Abs(a - b) < 1e-6);
        Normalization.RmsNorm([3, 4], [1, 1], 12.5f, y);
        Assert.Equal([0.6f, 0.8f], y, (a, b) => Math.Abs(a - b) < 1e-6);
    }

    [Fact]
    public void Layer_norm_removes_the_mean()
    {
        float[] y = new float[2];
        Normalization.LayerNorm([1, 5], [1, 2], [10, 20], 0, y);
        Assert.Equal([9f, 22f], y);
        Normalization.LayerNorm([1, 5], [1, 2], default, 0, y);
        Assert.Equal([-1f, 2f], y);
    }

    [Fact]
    public void A_row_can_be_normalised_in_place()
    {
        float[] x = TestMatrices.Gaussian(577, seed: 1), weight = TestMatrices.Gaussian(577, seed: 2), apart = new float[577];
        Normalization.RmsNorm(x, weight, 1e-5f, apart);
        Normalization.RmsNorm(x, weight, 1e-5f, x);
        Assert.Equal(apart, x);
    }

    [Fact]
    public void Lengths_that_differ_are_refused() =>
        Assert.Throws<ArgumentException>(() => Normalization.RmsNorm(new float[3], new float[2], 0, new float[3]));
}
