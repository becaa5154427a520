using Winnow.Kernels.Elementwise;
using Winnow.Kernels.Tests.Linear;

namespace Winnow.Kernels.Tests.Elementwise;

public sealed class ActivationsTests
{
    // Longer than one chunk, with a rest; large magnitudes at both ends.
    private static readonly float[] X = [.. TestMatrices.Gaussian(600, seed: 1).Select(value => 3 * value), -40, 40, 0];
    private static readonly float[] Up = TestMatrices.Gaussian(603, seed: 2);

    [Fact]
    public void Silu_multiply_follows_its_formula() =>
        Check((x, up, y) => Activations.SiluMultiply(x, up, y), (x, up) => x / (1 + Math.Exp(-x)) * up);

    [Fact]
    public void Gelu_tanh_multiply_follows_its_formula() =>
        Check((x, up, y) => Activations.GeluTanhMultiply(x, up, y), (x, up) => GeluTanh(x) * up);

    [Fact]
    public void Gelu_tanh_follows_its_formula() => Check((x, _, y) => Activations.GeluTanh(x, y), (x, _) => GeluTanh(x));

    [Fact]
    public void Gelu_erf_knows_published_values()
    {
        float[] y = new float[4];
        Activations.GeluErf([1, -1, 0.5f, -3], y);
        Assert.Equal([0.8413447f, -0.1586553f, 0.3457312f, -0.00404969f], y, (a, b) => Math.Abs(a - b) < 1e-6);
    }

    [Fact]
    public void Relu_clears_negatives() => Check((x, _, y) => Activations.Relu(x, y), (x, _) => Math.Max(x, 0));

    [Fact]
    public void A_soft_cap_bends_in_place()
    {
        float[] x = [0, 30, -300];
        Activations.SoftCap(x, 30);
        Assert.Equal([0f, 30 * 0.7615942f, -30f], x, (a, b) => Math.Abs(a - b) < 1e-5);
    }

    [Fact]
    public void The_gate_may_be_overwritten()
    {
        float[] gate = [.. X], apart = new float[X.Length];
        Activations.SiluMultiply(gate, Up, apart);
        Activations.SiluMultiply(gate, Up, gate);
        Assert.Equal(apart, gate);
    }

    [Fact]
    public void Lengths_that_differ_are_refused() =>
        Assert.Throws<ArgumentException>(() => Activations.SiluMultiply(new float[3], new float[2], new float[3]));

    private static double GeluTanh(double x) => 0.5 * x * (1 + Math.Tanh(Math.Sqrt(2 / Math.PI) * (x + 0.044715 * x * x * x)));

    private static void Check(Action<float[], float[], float[]> function, Func<double, double, double> formula)
    {
        float[] y = new float[X.Length];
        function(X, Up, y);
        for (int i = 0; i < y.Length; i++)
            Assert.Equal(formula(X[i], Up[i]), y[i], 4e-6 * Math.Max(1, Math.Abs(X[i] * Up[i])));
    }
}
