using Winnow.Kernels.Blocks;
using Winnow.Kernels.Memory;

namespace Winnow.Formats;

/// <summary>One tensor of a checkpoint: where its bytes lie and how to read them.</summary>
/// <param name="Name">Name in the file.</param>
/// <param name="Type">Storage type.</param>
/// <param name="Shape">
/// Sizes, row-major with the outermost first: the weight of a linear layer is [outFeatures, inFeatures]. GGUF files store the reverse, which
/// the reader turns round. Empty for a scalar.
/// </param>
/// <param name="Data">The bytes, a view of the mapped file: invalid once the checkpoint is disposed.</param>
public sealed record TensorInfo(string Name, TensorType Type, IReadOnlyList<long> Shape, NativeBytes Data)
{
    /// <summary>Number of values: the product of <see cref="Shape"/>.</summary>
    public long ElementCount
    {
        get
        {
            long count = 1;
            foreach (long size in Shape)
                count *= size;
            return count;
        }
    }
}
