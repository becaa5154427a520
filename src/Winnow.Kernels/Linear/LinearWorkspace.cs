using Winnow.Kernels.Memory;

namespace Winnow.Kernels.Linear;

/// <summary>
/// Reusable scratch of <see cref="LinearKernel"/>: quantised inputs and a tile of unpacked weights for each worker. It grows to the largest product
/// seen and never shrinks, so a loop allocates nothing after its first round. Serves one call at a time.
/// </summary>
public sealed class LinearWorkspace : IDisposable
{
    internal NativeBuffer<float> Rows { get; } = new();

    /// <inheritdoc/>
    public void Dispose() => Rows.Dispose();
}
