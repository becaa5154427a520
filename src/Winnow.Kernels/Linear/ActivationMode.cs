namespace Winnow.Kernels.Linear;

/// <summary>How the inputs of a matrix product are represented.</summary>
public enum ActivationMode
{
    /// <summary>
    /// Inputs become integers of two bytes with one scale for each short block, so that block-quantised weights meet them in integer arithmetic. The
    /// fast default.
    /// </summary>
    Quantized,

    /// <summary>
    /// As <see cref="Quantized"/>, but products of three and more tokens (prompts, batches) take inputs of one byte, as other engines do: nearly twice as
    /// fast, for some accuracy. One and two tokens keep two bytes: they wait for memory. So do matrices that cannot be packed and
    /// machines without assembled kernels, where the mode changes nothing.
    /// </summary>
    QuantizedByte,

    /// <summary>32-bit float arithmetic on dequantised weights: for golden tests and as a reference.</summary>
    Float,
}
