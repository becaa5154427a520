using Winnow.Caching.Policies;
using Winnow.Kernels.Attention;
using Winnow.Kernels.Spectral;
using Winnow.Models;

namespace Winnow.Caching.Spectral;

/// <summary>
/// Measures on texts how well each channel of the keys and values is rebuilt from a few Fourier sums, and lists those to compress. Prompts are read with the
/// full cache; the period is the middle's own length. Liu et al. 2025, arXiv 2506.11886.
/// </summary>
public static class ChannelCalibrator
{
    /// <summary>Runs the prompts.</summary>
    /// <param name="model">The model.</param>
    /// <param name="prompts">Token ids of each prompt.</param>
    /// <param name="options">Frequencies, quotas and form of the keys.</param>
    /// <param name="progress">Told the number of tokens read so far.</param>
    /// <param name="cancellation">Stops between two chunks.</param>
    /// <exception cref="WinnowException">A prompt is too short or outgrows the model's window, or the policy does not work with the model.</exception>
    public static ChannelTable Run(
        LanguageModel model, IReadOnlyList<int[]> prompts, ChannelCalibration options, IProgress<int>? progress = null,
        CancellationToken cancellation = default)
    {
        ModelConfig config = model.Model.Config;
        int least = options.Init + 4 * options.Frequencies;
        foreach (int[] prompt in prompts)
        {
            if (prompt.Length < least)
            {
                throw new WinnowException(
                    $"a prompt of {prompt.Length} tokens is too short to measure {options.Frequencies} frequencies: use {least} tokens or more");
            }
        }

        if (prompts.Count == 0)
            throw new WinnowException("there is nothing to calibrate with: give a text");
        using ErrorSums sums = new(config, options);
        // The full cache under the policy's own name, so that a model which the policy refuses is refused here.
        ChosenPolicy policy = new(Fourier.Descriptor, new Measurement(sums, options.Rotated || config.Rotary is null));
        int before = 0;
        foreach (int[] prompt in prompts)
        {
            using Sequence sequence = model.CreateSequence(policy, EntryType.F32);
            int read = before;
            sequence.Prefill(prompt, progress is null ? null : new Relay(done => progress.Report(read + done)), cancellation);
            before += prompt.Length;
        }

        return sums.ToTable(prompts.Count);
    }

    private sealed class Relay(Action<int> report) : IProgress<int>
    {
        public void Report(int value) => report(value);
    }

    /// <summary>Keys before the rotary embedding are what a cache with rolling positions stores.</summary>
    private sealed class Measurement(ErrorSums sums, bool rotated) : CachePolicy
    {
        public override PolicyNeeds Needs { get; } = new() { Positions = rotated ? PositionMode.Original : PositionMode.Rolling };

        public override CacheSession Start() => new MeasuringSession(sums);
    }

    private sealed class MeasuringSession(ErrorSums sums) : CacheSession
    {
        public override CacheSession Fork() => new MeasuringSession(sums);

        public override void AfterChunk(LayerCache layer, bool last)
        {
            if (last)
                sums.Add(layer);
        }
    }

    /// <summary>Errors of every channel, added up over prompts.</summary>
    private sealed class ErrorSums(ModelConfig config, ChannelCalibration options) : IDisposable
    {
        private readonly SpectrumWork _work = new();
        private readonly LaneSpectrum _spectrum = new();
        private readonly double[][] _keys = Rows(config), _values = Rows(config);
        private SpectralBasis? _basis;

        public void Add(LayerCache layer)
        {
            int middle = layer.Position - options.Init;
            if (_basis?.Period != middle)
            {
                _basis?.Dispose();
                _basis = new SpectralBasis(middle, options.Frequencies);
            }

            for (int head = 0; head < layer.KvHeads; head++)
            {
                Add(layer, head, keys: true, middle, _keys[layer.Layer]);
                Add(layer, head, keys: false, middle, _values[layer.Layer]);
            }
        }

        public ChannelTable ToTable(int prompts) => new(config.KvHeads, config.HeadDim, Sets(_keys, prompts, keys: true), Sets(_values, prompts, keys: false))
        {
            Rotated = options.Rotated, Frequencies = options.Frequencies,
        };

        public void Dispose()
        {
            _work.Dispose();
            _spectrum.Dispose();
            _basis?.Dispose();
        }

        private void Add(LayerCache layer, int head, bool keys, int middle, double[] sums)
        {
            int dim = layer.Shape.HeadDim;
            _spectrum.Measure(layer[head], dim, keys, options.Init, middle, _basis!, leastSquares: true, _work);
            for (int channel = 0; channel < dim; channel++)
                sums[head * dim + channel] += _spectrum.Errors[channel];
        }

        private ChannelSet[] Sets(double[][] sums, int prompts, bool keys) => [.. sums.Select((row, layer) =>
        {
            (double ofKeys, double ofValues) = options.Quotas(layer, config.Layers);
            return ChannelSet.Best([.. row.Select(sum => (float)(sum / prompts))], ChannelQuotas.Count(keys ? ofKeys : ofValues, row.Length));
        })];

        private static double[][] Rows(ModelConfig config) =>
            [.. Enumerable.Range(0, config.Layers).Select(_ => new double[config.KvHeads * config.HeadDim])];
    }
}

/// <summary>What a calibration measures and how many channels its lists compress.</summary>
public sealed record ChannelCalibration
{
    /// <summary>k.</summary>
    public int Frequencies { get; init; } = 64;

    /// <summary>First tokens that are left out.</summary>
    public int Init { get; init; } = 4;

    /// <summary>Whether keys are measured as the cache stores them; false for the paper's program, which looks at them before the rotary embedding.</summary>
    public bool Rotated { get; init; } = true;

    /// <summary>Shares of keys and values to compress, by layer and layers of the model.</summary>
    public Func<int, int, (double Keys, double Values)> Quotas { get; init; } = ChannelQuotas.Published;
}
