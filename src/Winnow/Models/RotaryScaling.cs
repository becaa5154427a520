namespace Winnow.Models;

/// <summary>Ways to stretch rotary frequencies.</summary>
public enum RotaryScalingKind
{
    /// <summary>Frequencies as pre-trained.</summary>
    None,

    /// <summary>All frequencies divided by one factor (position interpolation, arXiv:2306.15595).</summary>
    Linear,

    /// <summary>Low frequencies divided, high ones kept, a linear passage between (Llama 3.1).</summary>
    Llama3,

    /// <summary>NTK-by-parts with a magnitude correction (YaRN, arXiv:2309.00071).</summary>
    Yarn,

    /// <summary>One divisor for each frequency, one set for short and one for long contexts (LongRoPE, arXiv:2402.13753; Phi-3).</summary>
    LongRope,
}

/// <summary>Parameters of rotary scaling; each kind reads the ones it needs.</summary>
public sealed record RotaryScaling
{
    /// <summary>Frequencies as pre-trained.</summary>
    public static RotaryScaling None { get; } = new();

    /// <summary>The way.</summary>
    public RotaryScalingKind Kind { get; init; }

    /// <summary>New context length ÷ original one.</summary>
    public double Factor { get; init; } = 1;

    /// <summary>Context length of the pre-training, in tokens; needed by Llama3, Yarn and LongRope.</summary>
    public int OriginalContextLength { get; init; }

    /// <summary>Llama3: waves longer than the original context ÷ this are divided by <see cref="Factor"/>.</summary>
    public double LowFrequencyFactor { get; init; } = 1;

    /// <summary>Llama3: waves shorter than the original context ÷ this are kept.</summary>
    public double HighFrequencyFactor { get; init; } = 4;

    /// <summary>Yarn: rotations over the original context above which a frequency is kept.</summary>
    public double BetaFast { get; init; } = 32;

    /// <summary>Yarn: rotations over the original context below which a frequency is divided by <see cref="Factor"/>.</summary>
    public double BetaSlow { get; init; } = 1;

    /// <summary>Yarn: weight of the magnitude correction's numerator; zero for the paper's rule.</summary>
    public double Mscale { get; init; }

    /// <summary>Yarn: weight of the magnitude correction's denominator; zero for the paper's rule.</summary>
    public double MscaleAllDimensions { get; init; }

    /// <summary>Yarn, LongRope: magnitude of the rotated vectors given outright; null to derive it.</summary>
    public double? AttentionFactor { get; init; }

    /// <summary>Yarn: whether the borders of the passage are rounded outwards to whole channels.</summary>
    public bool Truncate { get; init; } = true;

    /// <summary>LongRope, or a Llama 3 file that carries the outcome of its rule: one divisor for each pair of channels; null without.</summary>
    public IReadOnlyList<double>? Divisors { get; init; }
}
