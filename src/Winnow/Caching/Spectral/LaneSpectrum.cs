using System.Numerics.Tensors;
using Winnow.Caching.Storage;
using Winnow.Kernels.Memory;
using Winnow.Kernels.Spectral;

namespace Winnow.Caching.Spectral;

/// <summary>
/// Sums, fits and errors of all channels of a lane's keys or values over a run of tokens: what channels are chosen by and what the chosen ones begin with.
/// </summary>
internal sealed class LaneSpectrum : IDisposable
{
    private readonly NativeBuffer<float> _states = new();

    /// <summary>Fit of each channel.</summary>
    public AffineFit[] Fits { get; private set; } = [];

    /// <summary>Mean squared error of each channel, rebuilt.</summary>
    public float[] Errors { get; private set; } = [];

    /// <summary>Sum, minimum and maximum of each channel.</summary>
    public (float Sum, float Minimum, float Maximum)[] Extremes { get; private set; } = [];

    /// <summary>Measures a lane.</summary>
    /// <param name="lane">The lane, which holds every token of the run.</param>
    /// <param name="headDim">Channels.</param>
    /// <param name="keys">Keys, or else values.</param>
    /// <param name="first">Position of the run's first token.</param>
    /// <param name="length">Tokens of the run.</param>
    /// <param name="basis">Frequencies and period.</param>
    /// <param name="leastSquares">Whether curves are fitted by least squares or by deviations.</param>
    /// <param name="work">Working memory, reused from lane to lane.</param>
    public void Measure(Lane lane, int headDim, bool keys, int first, int length, SpectralBasis basis, bool leastSquares, SpectrumWork work)
    {
        int stride = KvLayout.PagesFor(length) * SpectralBasis.Block;
        work.Ensure(headDim, stride);
        Gather(lane, headDim, keys, first, length, stride, work.Series.Span);
        _states.EnsureLength(headDim * basis.Width);
        SpectralTransform.Analyse(basis, work.Series, headDim, stride, length, _states);
        SpectralTransform.Synthesise(basis, _states, headDim, stride, length, work.Curves);
        (Fits, Errors, Extremes) = (new AffineFit[headDim], new float[headDim], new (float, float, float)[headDim]);
        for (int channel = 0; channel < headDim; channel++)
        {
            ReadOnlySpan<float> series = work.Series.Span.Slice(channel * stride, length);
            Span<float> curve = work.Curves.Span.Slice(channel * stride, length);
            Fits[channel] = AffineFit.Of(series, curve, leastSquares);
            Errors[channel] = Fits[channel].Apply(series, curve);
            Extremes[channel] = (TensorPrimitives.Sum(series), TensorPrimitives.Min(series), TensorPrimitives.Max(series));
        }
    }

    /// <summary>Copies sums and fits of the compressed channels.</summary>
    public void Fill(SpectralChannels channels, SpectralBasis basis)
    {
        int k = basis.Frequencies, count = channels.Compressed.Length;
        Span<float> row = new float[2 * k];
        for (int i = 0; i < count; i++)
        {
            int channel = channels.Compressed[i];
            ReadOnlySpan<float> states = _states.Span.Slice(channel * basis.Width, basis.Width);
            states[..k].CopyTo(row);
            states.Slice(basis.PaddedFrequencies, k).CopyTo(row[k..]);
            channels.WriteState(i, row);
            (channels.Scales[i], channels.Offsets[i]) = Fits[channel];
            if (channels.Extremes is null)
                continue;
            Span<float> extremes = channels.Extremes.Span;
            (extremes[i], extremes[count + i], extremes[2 * count + i]) = Extremes[channel];
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _states.Dispose();

    /// <summary>Turns entries into series: [headDim, stride], zeros after the last token.</summary>
    private static void Gather(Lane lane, int headDim, bool keys, int first, int length, int stride, Span<float> series)
    {
        Span<float> vector = new float[headDim];
        series[..(headDim * stride)].Clear();
        for (int slot = 0; slot < lane.Length; slot++)
        {
            int token = lane.Positions[slot] - first;
            if ((uint)token >= (uint)length)
                continue;
            if (keys)
                lane.ReadKey(slot, vector);
            else
                lane.ReadValue(slot, vector);
            for (int channel = 0; channel < headDim; channel++)
                series[channel * stride + token] = vector[channel];
        }
    }
}

/// <summary>Series and curves of one lane while it is measured.</summary>
internal sealed class SpectrumWork : IDisposable
{
    /// <summary>[channels, stride].</summary>
    public NativeBuffer<float> Series { get; } = new();

    /// <summary>[channels, stride].</summary>
    public NativeBuffer<float> Curves { get; } = new();

    public void Ensure(int channels, int stride)
    {
        Series.EnsureLength(checked(channels * stride));
        Curves.EnsureLength(channels * stride);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Series.Dispose();
        Curves.Dispose();
    }
}
