using Winnow.Kernels.Assembled;
using Winnow.Kernels.Memory;

namespace Winnow.Kernels.Linear;

/// <summary>
/// Reusable scratch of <see cref="LinearKernel"/>: quantised inputs and a tile of unpacked weights for each worker. It grows to the largest product
/// seen and never shrinks, so a loop allocates nothing after its first round. Serves one call at a time.
/// </summary>
public sealed unsafe class LinearWorkspace : IDisposable
{
    private const int VectorFloats = 8;
    private readonly NativeBuffer<sbyte> _codes = new();
    private readonly NativeBuffer<byte> _words = new();
    private readonly NativeBuffer<byte> _bytes = new();
    private readonly NativeBuffer<float> _groups32 = new();
    private readonly NativeBuffer<float> _groups16 = new();
    private readonly NativeBuffer<float> _scratch = new();

    /// <summary>Bytes of native memory held.</summary>
    public long ByteLength => _codes.ByteLength + _words.ByteLength + _bytes.ByteLength + _groups32.ByteLength + _groups16.ByteLength + _scratch.ByteLength;

    /// <inheritdoc/>
    public void Dispose()
    {
        _codes.Dispose();
        _words.Dispose();
        _bytes.Dispose();
        _groups32.Dispose();
        _groups16.Dispose();
        _scratch.Dispose();
    }

    internal static int RoundUp(int value, int multiple) => checked(value + multiple - 1) / multiple * multiple;

    /// <summary>Room for quantised inputs; the codes of tokens that only fill a tile may be anything.</summary>
    internal void ReserveInputs(ref LinearInputs inputs, bool by16)
    {
        int tokens = RoundUp(inputs.Tokens, PanelTile.Tokens);
        _codes.EnsureLength(checked(2 * tokens * inputs.Columns));
        inputs.High = _codes.Pointer;
        inputs.Low = _codes.Pointer + (nint)tokens * inputs.Columns;
        inputs.By32 = Planes(_groups32, tokens, inputs.Columns / 32);
        inputs.By16 = by16 ? Planes(_groups16, tokens, inputs.Columns / 16) : default;
    }

    /// <summary>Room for tiles of 16-bit inputs, for weights grouped by 32 values and perhaps for those grouped by 16.</summary>
    internal void ReserveWords(ref LinearInputs inputs, bool by16)
    {
        int bytes32 = checked(inputs.Tokens * (inputs.Columns / 32) * WordTile.InputRecord(32));
        int bytes16 = by16 ? checked(inputs.Tokens * (inputs.Columns / 16) * WordTile.InputRecord(16)) : 0;
        _words.EnsureLength(checked(bytes32 + bytes16));
        inputs.Words32 = _words.Pointer;
        inputs.Words16 = by16 ? inputs.Words32 + bytes32 : null;
    }

    /// <summary>Room for tiles of inputs of one byte.</summary>
    internal void ReserveBytes(ref LinearInputs inputs)
    {
        _bytes.EnsureLength(checked(inputs.Tokens * (inputs.Columns / PackedTile.Columns) * ByteTile.InputRecord));
        inputs.Bytes = _bytes.Pointer;
    }

    /// <summary>Scratch of each worker: a float panel and the eight rows it is made from; a code panel with its scales is smaller.</summary>
    /// <param name="workers">Size of the team.</param>
    /// <param name="columns">Width of the matrices.</param>
    /// <param name="stride">Floats from one worker's scratch to the next.</param>
    internal float* ReserveScratch(int workers, int columns, out int stride)
    {
        stride = RoundUp(Math.Max(checked(PanelTile.Rows * 3 / 2 * RoundUp(columns, 64)) + 1024, WordPanel.ScratchFloats(columns)), 16);
        _scratch.EnsureLength(checked(workers * stride));
        return _scratch.Pointer;
    }

    private static InputGroups Planes(NativeBuffer<float> memory, int tokens, int groups)
    {
        int stride = RoundUp(groups, VectorFloats);
        int plane = checked(tokens * stride);
        memory.EnsureLength(checked(2 * plane));
        return new InputGroups
        {
            Stride = stride,
            Scales = memory.Pointer,
            Sums = memory.Pointer + plane,
        };
    }
}
