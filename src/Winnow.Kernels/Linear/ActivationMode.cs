namespace Winnow.Kernels.Linear;

/// <summary>How the inputs of a matrix product are represented.</summary>
public enum ActivationMode
{
    /// <summary>
    /// Inputs become integers of two bytes with one scale for each short block, so that block-quantised weights meet them in integer arithmetic. The
    /// fast default.
    /// </summary>
    Quantized,

    /// <summary>32-bit float arithmetic on dequantised weights: for golden tests and as a reference.</summary>
    Float,
}
