using Winnow.Caching.Spectral;
using Winnow.Caching.Storage;
using Winnow.Kernels.Spectral;

namespace Winnow.Caching.Policies;

/// <summary>Chooses the channels of one layer and builds its segments from what the lanes hold.</summary>
internal sealed class FourierChannels(Fourier.Options options, SpectralPlan plan, SpectrumWork work)
{
    /// <summary>A segment for each KV head.</summary>
    /// <param name="layer">The layer, which still holds every token.</param>
    /// <param name="middle">Tokens between the first and the newest ones.</param>
    /// <param name="basis">Frequencies and period.</param>
    /// <param name="form">Storage of keys and of values.</param>
    public SpectralSegment[] Build(LayerCache layer, int middle, SpectralBasis basis, Func<bool, SpectralForm> form)
    {
        int dim = layer.Shape.HeadDim, heads = layer.KvHeads;
        LaneSpectrum[] keys = Measure(layer, true, middle, basis), values = Measure(layer, false, middle, basis);
        (double ofKeys, double ofValues) = options.Quotas?.Invoke(layer.Layer, layer.Layers) ?? ChannelQuotas.Bent(layer.Layer, layer.Layers, plan.Share);
        ChannelSet keySet = Choose(options.Channels?.Keys[layer.Layer], keys, ofKeys, dim);
        ChannelSet valueSet = Choose(options.Channels?.Values[layer.Layer], values, ofValues, dim);
        SpectralSegment[] segments = new SpectralSegment[heads];
        Span<float> vector = new float[dim];
        for (int head = 0; head < heads; head++)
        {
            SpectralSegment segment = new(
                basis, dim,
                new SpectralChannels(keySet.OfHead(head, dim, compressed: false), keySet.OfHead(head, dim, compressed: true), form(true)),
                new SpectralChannels(valueSet.OfHead(head, dim, compressed: false), valueSet.OfHead(head, dim, compressed: true), form(false)));
            keys[head].Fill(segment.Keys, basis);
            values[head].Fill(segment.Values, basis);
            segment.TakeKept(layer[head], plan.Init, middle, vector);
            keys[head].Dispose();
            values[head].Dispose();
            segments[head] = segment;
        }

        return segments;
    }

    private LaneSpectrum[] Measure(LayerCache layer, bool keys, int middle, SpectralBasis basis)
    {
        LaneSpectrum[] spectra = new LaneSpectrum[layer.KvHeads];
        for (int head = 0; head < spectra.Length; head++)
        {
            spectra[head] = new LaneSpectrum();
            spectra[head].Measure(layer[head], layer.Shape.HeadDim, keys, plan.Init, middle, basis, options.LeastSquares, work);
        }

        return spectra;
    }

    private ChannelSet Choose(ChannelSet? calibrated, LaneSpectrum[] spectra, double share, int headDim)
    {
        if (calibrated is not null && options.UseLists)
            return calibrated;
        IReadOnlyList<float> errors = calibrated?.Errors ?? [.. spectra.SelectMany(spectrum => spectrum.Errors)];
        int channels = spectra.Length * headDim;
        // A share worked out from the budget must not exceed it: then parts of a kept channel do not count.
        int compressed = options.Quotas is null ? channels - ChannelQuotas.Count(1 - share, channels) : ChannelQuotas.Count(share, channels);
        return ChannelSet.Best(errors, compressed);
    }
}
