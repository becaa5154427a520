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
    /// As <see cref="Quantized"/>, but products of three and more tokens (prompts, batches) take inputs of one byte, as other engines do: prompts are read
    /// 1.4 times as fast. On SmolLM2-135M that costs 0.1 to 0.5 % of perplexity. One and two tokens keep two bytes: they wait for memory. So do matrices
    /// of types that are not packed (Q2_K, Q3_K, IQ4_NL); on a machine without assembled kernels the mode changes nothing.
    /// </summary>
    QuantizedByte,

    /// <summary>32-bit float arithmetic on dequantised weights: for golden tests and as a reference.</summary>
    Float,
}
