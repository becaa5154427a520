namespace Winnow.Models;

/// <summary>
/// Inverse frequencies of a rotary embedding: pair i of a vector at position p turns by p · frequency[i], and the turned vector is multiplied by a
/// magnitude. Computed in double precision, once at load.
/// </summary>
public static class RopeFrequencies
{
    /// <summary>Frequencies and magnitude of a configuration.</summary>
    /// <returns>[dimension / 2] inverse frequencies in radians per token, and the factor on the rotated vectors (1 for most).</returns>
    /// <exception cref="WinnowException">The divisors of the scaling do not match the dimension.</exception>
    public static (double[] InverseFrequencies, double Magnitude) Compute(RotaryConfig config)
    {
        double[] frequencies = Plain(config.Theta, config.Dimension);
        RotaryScaling scaling = config.Scaling;
        if (scaling.Divisors is not null)
            Divide(frequencies, scaling.Divisors);
        switch (scaling.Kind)
        {
            case RotaryScalingKind.Linear:
                for (int i = 0; i < frequencies.Length; i++)
                    frequencies[i] /= scaling.Factor;
                return (frequencies, 1);
            case RotaryScalingKind.Llama3:
                ApplyLlama3(frequencies, scaling);
                return (frequencies, 1);
            case RotaryScalingKind.Yarn:
                ApplyYarn(frequencies, config);
                return (frequencies, YarnMagnitude(scaling));
            case RotaryScalingKind.LongRope:
                return (frequencies, LongRopeMagnitude(scaling));
            default:
                return (frequencies, 1);
        }
    }

    /// <summary>θ^(−2i/d) for i from 0 to d/2 − 1.</summary>
    public static double[] Plain(double theta, int dimension)
    {
        double[] frequencies = new double[dimension / 2];
        for (int i = 0; i < frequencies.Length; i++)
            frequencies[i] = Math.Pow(theta, -2.0 * i / dimension);
        return frequencies;
    }

    private static void Divide(double[] frequencies, IReadOnlyList<double> divisors)
    {
        if (divisors.Count != frequencies.Length)
        {
            throw new WinnowException(
                $"the rotary scaling has {divisors.Count} divisors for {frequencies.Length} pairs of channels; convert the model again");
        }
        for (int i = 0; i < frequencies.Length; i++)
            frequencies[i] /= divisors[i];
    }

    private static void ApplyLlama3(double[] frequencies, RotaryScaling scaling)
    {
        double longest = scaling.OriginalContextLength / scaling.LowFrequencyFactor;
        double shortest = scaling.OriginalContextLength / scaling.HighFrequencyFactor;
        for (int i = 0; i < frequencies.Length; i++)
        {
            double wave = 2 * Math.PI / frequencies[i];
            if (wave < shortest)
                continue;
            double slowed = frequencies[i] / scaling.Factor;
            if (wave > longest)
            {
                frequencies[i] = slowed;
                continue;
            }
            double share = (scaling.OriginalContextLength / wave - scaling.LowFrequencyFactor)
                / (scaling.HighFrequencyFactor - scaling.LowFrequencyFactor);
            frequencies[i] = (1 - share) * slowed + share * frequencies[i];
        }
    }

    private static void ApplyYarn(double[] frequencies, RotaryConfig config)
    {
        RotaryScaling scaling = config.Scaling;
        double low = PairThatTurns(scaling.BetaFast, config);
        double high = PairThatTurns(scaling.BetaSlow, config);
        if (scaling.Truncate)
            (low, high) = (Math.Floor(low), Math.Ceiling(high));
        low = Math.Max(low, 0);
        high = Math.Min(high, config.Dimension - 1);
        // A passage of no width would divide by zero; the published code widens it by a thousandth.
        double width = high > low ? high - low : 0.001;
        for (int i = 0; i < frequencies.Length; i++)
        {
            double slowed = Math.Clamp((i - low) / width, 0, 1);
            frequencies[i] = slowed * frequencies[i] / scaling.Factor + (1 - slowed) * frequencies[i];
        }
    }

    /// <summary>Index of the pair that makes so many whole turns over the original context.</summary>
    private static double PairThatTurns(double turns, RotaryConfig config) =>
        config.Dimension * Math.Log(config.Scaling.OriginalContextLength / (turns * 2 * Math.PI)) / (2 * Math.Log(config.Theta));

    private static double YarnMagnitude(RotaryScaling scaling)
    {
        if (scaling.AttentionFactor is { } given)
            return given;
        return scaling.Mscale != 0 && scaling.MscaleAllDimensions != 0
            ? YarnMscale(scaling.Factor, scaling.Mscale) / YarnMscale(scaling.Factor, scaling.MscaleAllDimensions)
            : YarnMscale(scaling.Factor, 1);
    }

    private static double YarnMscale(double factor, double weight) => factor <= 1 ? 1 : 0.1 * weight * Math.Log(factor) + 1;

    private static double LongRopeMagnitude(RotaryScaling scaling) =>
        scaling.AttentionFactor ?? (scaling.Factor <= 1 ? 1 : Math.Sqrt(1 + Math.Log(scaling.Factor) / Math.Log(scaling.OriginalContextLength)));
}
