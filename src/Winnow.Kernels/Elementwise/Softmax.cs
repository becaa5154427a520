using System.Numerics.Tensors;

namespace Winnow.Kernels.Elementwise;

/// <summary>Softmax of one row.</summary>
public static class Softmax
{
    /// <summary>Replaces logits by probabilities; −∞ becomes 0. A row that is all −∞ becomes all zeros.</summary>
    /// <returns>The log-sum-exp of the row.</returns>
    public static float InPlace(Span<float> row)
    {
        if (row.IsEmpty)
            return float.NegativeInfinity;
        float highest = TensorPrimitives.Max(row);
        if (float.IsNegativeInfinity(highest))
        {
            row.Clear();
            return highest;
        }

        TensorPrimitives.Subtract(row, highest, row);
        TensorPrimitives.Exp(row, row);
        float sum = TensorPrimitives.Sum(row);
        TensorPrimitives.Multiply(row, 1 / sum, row);
        return highest + MathF.Log(sum);
    }
}
