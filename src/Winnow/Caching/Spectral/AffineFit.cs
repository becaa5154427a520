using System.Numerics.Tensors;

namespace Winnow.Caching.Spectral;

/// <summary>
/// The affine correction of a rebuilt curve. The factor 1/k of the paper's raw rebuild cancels, so it is left out throughout.
/// </summary>
/// <param name="Scale">Factor on the curve; 0 for a flat curve.</param>
/// <param name="Offset">Added afterwards.</param>
internal readonly record struct AffineFit(float Scale, float Offset)
{
    /// <summary>Matches mean and largest deviation from it.</summary>
    public static AffineFit OfDeviation(float mean, float minimum, float maximum, ReadOnlySpan<float> curve)
    {
        float curveMean = Mean(curve);
        float deviation = Deviation(curveMean, TensorPrimitives.Min(curve), TensorPrimitives.Max(curve));
        float scale = IsFlat(deviation, curveMean) ? 0 : Deviation(mean, minimum, maximum) / deviation;
        return new AffineFit(scale, mean - scale * curveMean);
    }

    /// <summary>Makes the squared error least.</summary>
    /// <param name="mean">Mean of the series.</param>
    /// <param name="product">Mean of the products of series and curve.</param>
    /// <param name="curve">The curve.</param>
    public static AffineFit OfLeastSquares(float mean, float product, ReadOnlySpan<float> curve)
    {
        float curveMean = Mean(curve);
        float variance = (TensorPrimitives.SumOfSquares(curve) / curve.Length) - (curveMean * curveMean);
        float scale = variance <= 0 || IsFlat(MathF.Sqrt(variance), curveMean) ? 0 : (product - (mean * curveMean)) / variance;
        return new AffineFit(scale, mean - scale * curveMean);
    }

    /// <summary>Fits a curve to a series.</summary>
    /// <param name="series">The series.</param>
    /// <param name="curve">The curve, as long.</param>
    /// <param name="leastSquares">Whether the error is to be least; otherwise deviations are matched, as the paper's program does.</param>
    public static AffineFit Of(ReadOnlySpan<float> series, ReadOnlySpan<float> curve, bool leastSquares) => leastSquares
        ? OfLeastSquares(Mean(series), TensorPrimitives.Dot(series, curve) / series.Length, curve)
        : OfDeviation(Mean(series), TensorPrimitives.Min(series), TensorPrimitives.Max(series), curve);

    /// <summary>Mean squared error of the corrected curve, which is written over the curve.</summary>
    public float Apply(ReadOnlySpan<float> series, Span<float> curve)
    {
        TensorPrimitives.Multiply(curve, Scale, curve);
        TensorPrimitives.Add(curve, Offset, curve);
        float distance = TensorPrimitives.Distance<float>(series, curve);
        return distance * distance / series.Length;
    }

    private static float Mean(ReadOnlySpan<float> series) => TensorPrimitives.Sum(series) / series.Length;

    private static float Deviation(float mean, float minimum, float maximum) => MathF.Max(maximum - mean, mean - minimum);

    // A curve that is flat but for rounding would otherwise be blown up.
    private static bool IsFlat(float deviation, float mean) => deviation <= 1e-6f * MathF.Abs(mean);
}
