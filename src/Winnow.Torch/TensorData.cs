using System.Runtime.InteropServices;
using TorchSharp;
using static TorchSharp.torch;

namespace Winnow.Torch;

/// <summary>Values between TorchSharp's tensors and arrays of .NET, always by copy, as 32-bit floats or 64-bit integers.</summary>
public static class TensorData
{
    /// <summary>A tensor of these values.</summary>
    /// <param name="values">Row-major.</param>
    /// <param name="shape">Sizes whose product is the number of values.</param>
    public static Tensor FromFloats(float[] values, params long[] shape) => tensor(values, dtype: ScalarType.Float32).reshape(shape);

    /// <summary>A tensor of whole numbers.</summary>
    /// <param name="values">Row-major.</param>
    /// <param name="shape">Sizes whose product is the number of values.</param>
    public static Tensor FromIntegers(long[] values, params long[] shape) => tensor(values, dtype: ScalarType.Int64).reshape(shape);

    /// <summary>The values of a tensor, row-major.</summary>
    public static float[] ToFloats(Tensor tensor)
    {
        using Tensor plain = tensor.detach().to_type(ScalarType.Float32).contiguous();
        return MemoryMarshal.Cast<byte, float>(plain.bytes).ToArray();
    }

    /// <summary>Overwrites a tensor's values, and nothing else of it.</summary>
    /// <param name="target">Any tensor on the processor.</param>
    /// <param name="values">As many values as the tensor has, row-major.</param>
    public static void Fill(Tensor target, float[] values)
    {
        using IDisposable noGradient = no_grad();
        using Tensor source = FromFloats(values, target.shape);
        // The result is the target itself, not another handle on it, and must live on.
        target.copy_(source);
    }
}
