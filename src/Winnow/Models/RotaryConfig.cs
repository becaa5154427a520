namespace Winnow.Models;

/// <summary>Rotary position embedding (Su et al. 2021, arXiv:2104.09864) of a layer.</summary>
public sealed record RotaryConfig
{
    /// <summary>Base θ of the frequencies θ^(−2i/d).</summary>
    public required double Theta { get; init; }

    /// <summary>Channels of a head that are rotated, from the first; even, at most the head's size (GPT-NeoX rotates a part).</summary>
    public required int Dimension { get; init; }

    /// <summary>How the frequencies are stretched for texts longer than those of the pre-training.</summary>
    public RotaryScaling Scaling { get; init; } = RotaryScaling.None;
}
