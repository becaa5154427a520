using System.Runtime.InteropServices;
using Winnow.Formats;
using Winnow.Kernels.Blocks;
using static TorchSharp.torch;

namespace Winnow.Torch;

/// <summary>Tensors to and from GGUF files, which are written whole or not at all: a process that is killed leaves the file of before.</summary>
public static class TensorFile
{
    /// <summary>Adds tensors as 32-bit floats. Shapes of more than two sizes are kept.</summary>
    public static void Add(GgufWriter writer, IEnumerable<(string Name, Tensor Value)> tensors)
    {
        foreach ((string name, Tensor value) in tensors)
            writer.AddTensor(name, TensorType.F32, value.shape, MemoryMarshal.AsBytes(TensorData.ToFloats(value).AsSpan()).ToArray());
    }

    /// <summary>Fills tensors with the values of a file.</summary>
    /// <exception cref="WinnowException">The file lacks one, or has one of another shape.</exception>
    public static void Fill(GgufFile file, IEnumerable<(string Name, Tensor Value)> tensors)
    {
        foreach ((string name, Tensor value) in tensors)
        {
            TensorInfo info = file.Get(name);
            if (info.Type != TensorType.F32 || !info.Shape.SequenceEqual(value.shape))
                throw new WinnowException(
                    $"{file.Path}: tensor '{name}' is {info.Type} of [{string.Join(", ", info.Shape)}] where F32 of [{string.Join(", ", value.shape)}] is needed; the file belongs to another model");
            float[] values = MemoryMarshal.Cast<byte, float>(info.Data.AsSpan(0, checked((int)(value.numel() * sizeof(float))))).ToArray();
            TensorData.Fill(value, values);
        }
    }
}
