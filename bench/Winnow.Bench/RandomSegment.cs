using Winnow.Kernels.Memory;
using Winnow.Kernels.Spectral;

namespace Winnow.Bench;

/// <summary>A lane's spectral segment of random content.</summary>
internal sealed class RandomSegment : IDisposable
{
    // What the kernels may read over the end of a buffer.
    private const int Padding = 16;

    private readonly int _length;
    private readonly NativeBuffer<int> _kept, _compressed;
    private readonly NativeBuffer<ushort> _keys, _values, _keyStates, _valueStates;
    private readonly NativeBuffer<float> _scales, _offsets;

    /// <summary>Makes the channels.</summary>
    /// <param name="length">Tokens, a multiple of 64.</param>
    /// <param name="headDim">Channels of a key or a value.</param>
    /// <param name="compressed">How many of them are sums.</param>
    /// <param name="frequencies">Frequencies of a sum.</param>
    public RandomSegment(int length, int headDim, int compressed, int frequencies)
    {
        _length = length;
        _compressed = RandomData.Native<int>([.. Enumerable.Range(0, compressed)]);
        _kept = RandomData.Native<int>([.. Enumerable.Range(compressed, headDim - compressed)]);
        ushort[] entries = RandomData.Halves(length * _kept.Length + Padding), states = RandomData.Halves(2 * compressed * frequencies + Padding);
        (_keys, _values) = (RandomData.Native<ushort>(entries), RandomData.Native<ushort>(entries));
        (_keyStates, _valueStates) = (RandomData.Native<ushort>(states), RandomData.Native<ushort>(states));
        (_scales, _offsets) = (RandomData.Native<float>(RandomData.Floats(compressed)), RandomData.Native<float>(RandomData.Floats(compressed)));
    }

    /// <summary>What the kernels read.</summary>
    public SpectralView View => new(
        _length, new SpectralChannelView(_kept, _compressed, _keys, null, _keyStates, _scales, _offsets),
        new SpectralChannelView(_kept, _compressed, _values, null, _valueStates, _scales, _offsets));

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (IDisposable buffer in (IEnumerable<IDisposable>)[_kept, _compressed, _keys, _values, _keyStates, _valueStates, _scales, _offsets])
            buffer.Dispose();
    }
}
