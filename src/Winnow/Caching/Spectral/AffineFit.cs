using System.Numerics.Tensors;

namespace Winnow.Caching.Spectral;

/// <summary>
/// The affine correction that turns the curve of the sums into the channel it stands for: same mean, same largest deviation from it. The factor 1/k of the raw
/// rebuild cancels, so it is left out throughout.
/// </summary>
/// <param name="Scale">Factor on the curve; 0 for a flat curve.</param>
/// <param name="Offset">Added afterwards.</param>
internal readonly record struct AffineFit(float Scale, float Offset)
{
    /// <summary>Fits a curve to a series that is known by its mean and extremes.</summary>
    public static AffineFit Of(float mean, float minimum, float maximum, ReadOnlySpan<float> curve)
    {
        float curveMean = Mean(curve);
        float curveDeviation = Deviation(curveMean, TensorPrimitives.Min(curve), TensorPrimitives.Max(curve));
        // A curve that is flat but for rounding would otherwise be blown up.
        float scale = curveDeviation > 1e-6f * MathF.Abs(curveMean) ? Deviation(mean, minimum, maximum) / curveDeviation : 0;
        return new AffineFit(scale, mean - scale * curveMean);
    }

    /// <summary>Fits a curve to a series.</summary>
    public static AffineFit Of(ReadOnlySpan<float> series, ReadOnlySpan<float> curve) =>
        Of(Mean(series), TensorPrimitives.Min(series), TensorPrimitives.Max(series), curve);

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
}
