using Winnow.Kernels.Linear;

namespace Winnow;

/// <summary>How a model is loaded and run.</summary>
public sealed record ModelOptions
{
    /// <summary>Threads of a forward pass; zero for one on each processor.</summary>
    public int Threads { get; init; }

    /// <summary>
    /// Arithmetic of the matrix products: integers of two bytes for the inputs; of one byte, to read prompts faster; or floats for exact comparisons.
    /// </summary>
    public ActivationMode Activations { get; init; } = ActivationMode.Quantized;

    /// <summary>Tokens of a prompt that pass the model together.</summary>
    public int ChunkSize { get; init; } = 512;

    /// <summary>
    /// Whether a text that outgrows the model's window is refused. Without it such a text is read on, for measuring speed: what comes out means
    /// little.
    /// </summary>
    public bool EnforceWindow { get; init; } = true;
}
