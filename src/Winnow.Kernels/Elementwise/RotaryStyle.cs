namespace Winnow.Kernels.Elementwise;

/// <summary>Which two values of a head turn together.</summary>
public enum RotaryStyle
{
    /// <summary>Values i and i + d/2, as GPT-NeoX and most published checkpoints have it.</summary>
    Half,

    /// <summary>Values 2i and 2i + 1, as GPT-J and Meta's Llama have it.</summary>
    Interleaved,
}
