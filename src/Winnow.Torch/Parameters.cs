using static TorchSharp.torch;

namespace Winnow.Torch;

/// <summary>A tensor that is learnt, by name.</summary>
/// <param name="Name">Name in checkpoints.</param>
/// <param name="Value">The tensor, which asks for gradients.</param>
public sealed record Parameter(string Name, Tensor Value)
{
    /// <summary>Takes the gradient out of the tensor, for the next step to begin anew.</summary>
    /// <exception cref="InvalidOperationException">No backward pass has reached this parameter.</exception>
    internal Tensor TakeGradient()
    {
        Tensor gradient = Value.grad ?? throw new InvalidOperationException($"parameter '{Name}' has no gradient");
        Value.grad = null;
        return gradient;
    }
}
