using System.Numerics.Tensors;

namespace Winnow.Kernels.Elementwise;

/// <summary>Normalisation of one row.</summary>
public static class Normalization
{
    /// <summary>y = x / √(mean(x²) + ε) · weight (Zhang and Sennrich 2019).</summary>
    /// <param name="x">The row.</param>
    /// <param name="weight">Gain, as long as the row.</param>
    /// <param name="epsilon">ε, inside the root.</param>
    /// <param name="y">Receives the result; may be <paramref name="x"/> itself.</param>
    /// <exception cref="ArgumentException">The lengths differ.</exception>
    public static void RmsNorm(ReadOnlySpan<float> x, ReadOnlySpan<float> weight, float epsilon, Span<float> y)
    {
        RequireEqual(x.Length, weight.Length, y.Length);
        float mean = TensorPrimitives.SumOfSquares(x) / x.Length;
        TensorPrimitives.Multiply(x, 1f / MathF.Sqrt(mean + epsilon), y);
        TensorPrimitives.Multiply(y, weight, y);
    }

    /// <summary>y = (x − mean(x)) / √(variance(x) + ε) · weight + bias (Ba, Kiros and Hinton 2016).</summary>
    /// <param name="x">The row.</param>
    /// <param name="weight">Gain, as long as the row.</param>
    /// <param name="bias">Shift, as long as the row, or empty for none.</param>
    /// <param name="epsilon">ε, inside the root.</param>
    /// <param name="y">Receives the result; may be <paramref name="x"/> itself.</param>
    /// <exception cref="ArgumentException">The lengths differ.</exception>
    public static void LayerNorm(ReadOnlySpan<float> x, ReadOnlySpan<float> weight, ReadOnlySpan<float> bias, float epsilon, Span<float> y)
    {
        RequireEqual(x.Length, weight.Length, y.Length);
        if (!bias.IsEmpty)
            RequireEqual(x.Length, bias.Length, y.Length);
        TensorPrimitives.Subtract(x, TensorPrimitives.Sum(x) / x.Length, y);
        float variance = TensorPrimitives.SumOfSquares<float>(y) / x.Length;
        TensorPrimitives.Multiply(y, 1f / MathF.Sqrt(variance + epsilon), y);
        if (bias.IsEmpty)
            TensorPrimitives.Multiply(y, weight, y);
        else
            TensorPrimitives.MultiplyAdd(y, weight, bias, y);
    }

    private static void RequireEqual(int x, int weight, int y)
    {
        if (x == 0 || x != weight || x != y)
            throw new ArgumentException($"a row of {x} values needs as many weights and outputs, not {weight} and {y}");
    }
}
