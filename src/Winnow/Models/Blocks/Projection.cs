using System.Numerics.Tensors;
using Winnow.Kernels.Linear;

namespace Winnow.Models.Blocks;

/// <summary>A weight matrix with an optional bias.</summary>
internal sealed record Projection(WeightMatrix Weight, float[]? Bias)
{
    /// <summary>output = input · Wᵀ for every row of the pass. The bias is left to the row work that follows, which touches the rows anyway.</summary>
    public void Multiply(ForwardPass pass, ReadOnlySpan<float> input, Span<float> output) =>
        LinearKernel.Multiply(pass.Team, pass.Workspace, Weight, input, pass.Tokens, output, pass.Mode);

    /// <summary>Adds the bias to one row of this projection's output.</summary>
    public void AddBias(Span<float> output, int row)
    {
        if (Bias is null)
            return;
        Span<float> values = output.Slice(row * Bias.Length, Bias.Length);
        TensorPrimitives.Add(values, Bias, values);
    }
}
