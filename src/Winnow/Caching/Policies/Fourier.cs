using Winnow.Caching.Spectral;
using Winnow.Models;

namespace Winnow.Caching.Policies;

/// <summary>
/// Evicts nothing. The first and the newest tokens stay as they are; of all between, some channels are kept token by token and the others as a few Fourier sums
/// along the text, whose size does not grow with it. Attention is evaluated from the sums.
/// Liu et al. 2025, "Beyond Homogeneous Attention: Memory-Efficient LLMs via Fourier-Approximated KV Cache", arXiv 2506.11886.
/// </summary>
public sealed class Fourier : CachePolicy
{
    private readonly Options _options;

    /// <summary>Creates the policy.</summary>
    public Fourier(Options options)
    {
        _options = options;
        Needs = options.Keep.IsUnlimited ? new PolicyNeeds() : new PolicyNeeds { Segments = true };
    }

    /// <summary>The policy in the catalogue.</summary>
    public static PolicyDescriptor Descriptor { get; } = new()
    {
        Name = "fourier",
        Summary = "keeps every token: of the text's middle, some channels as they are and the others as a few Fourier sums",
        Paper = "Liu et al. 2025, arXiv 2506.11886",
        Options =
        [
            new PolicyOption("init", "4", "first tokens that stay as they are"),
            new PolicyOption("local", "by the budget", "newest tokens that stay as they are"),
            new PolicyOption("window", "0.25", "share of keep for first and newest tokens, when local is not given"),
            new PolicyOption("k", "by the budget", "frequencies: a compressed channel takes 2k numbers"),
            new PolicyOption(
                "quotas", "adapt",
                "adapt to the budget, published, file (the lists of channels=), or shares of keys and values to compress such as 0.8/0.9"),
            new PolicyOption("channels", "none", "file of 'winnow calibrate fourier'; without one the prompt itself ranks the channels"),
            new PolicyOption("max-tokens", "256", "generated tokens for which the period has room; longer answers renew the sums"),
            new PolicyOption("refit", "0", "tokens after which scale and offset are fitted again; 0 for never"),
            new PolicyOption("fit", "least-squares", "least-squares, or deviation as the paper's program fits scale and offset"),
            new PolicyOption("states", "f32", "f32 or f16: how sums are stored"),
        ],
        Survives = CacheFeatures.Fork | CacheFeatures.QuantisedEntries | CacheFeatures.GroupedQueries | CacheFeatures.ChunkedPrefill,
        Build = arguments => new Fourier(ReadOptions(arguments)),
    };

    /// <summary>How a rebuilt curve is fitted to its channel.</summary>
    public enum FitType
    {
        /// <summary>The squared error is least.</summary>
        LeastSquares,

        /// <summary>Mean and largest deviation from it agree.</summary>
        Deviation,
    }

    /// <summary>Storage of sums.</summary>
    public enum StateType
    {
        /// <summary>32-bit floats.</summary>
        F32,

        /// <summary>16-bit floats: half the bytes; small terms are lost in large sums.</summary>
        F16,
    }

    /// <inheritdoc/>
    public override PolicyNeeds Needs { get; }

    /// <inheritdoc/>
    public override void Require(ModelConfig model) => _options.Channels?.Require(model);

    /// <inheritdoc/>
    public override CacheSession? Start() => _options.Keep.IsUnlimited ? null : new FourierSession(_options);

    private static Options ReadOptions(PolicyArguments arguments)
    {
        ChannelTable? channels = arguments.OptionalText("channels") is { } path ? ChannelTable.Load(path) : null;
        string quotas = arguments.Text("quotas", channels is { HasErrors: false } ? "file" : "adapt");
        double keys = 0, values = 0;
        if (quotas is not ("adapt" or "published" or "file") && !ChannelQuotas.TryParse(quotas, out keys, out values))
        {
            throw new WinnowException(
                $"option 'quotas' of cache policy 'fourier' is '{quotas}'; it must be adapt, published, file, or two shares such as 0.8/0.9");
        }

        if (quotas == "file" && channels is null)
            throw new WinnowException("option 'quotas' of cache policy 'fourier' is 'file', but there is no file; add channels=FILE");
        if (quotas != "file" && channels is { HasErrors: false })
            throw new WinnowException("the channel file has no errors to choose by, so cache policy 'fourier' can only take its lists; leave out 'quotas'");
        return new Options
        {
            Keep = arguments.Keep,
            Init = arguments.Integer("init", 4, 0),
            Local = arguments.OptionalInteger("local", 1),
            Window = arguments.Number("window", 0.25, 0, 1),
            Frequencies = arguments.OptionalInteger("k", 1) is { } k ? Math.Min(k, 1 << 14) : null,
            Quotas = quotas switch
            {
                "adapt" => null,
                "published" => ChannelQuotas.Published,
                "file" => (layer, _) => (Fraction(channels!.Keys[layer]), Fraction(channels.Values[layer])),
                _ => (_, _) => (keys, values),
            },
            Channels = channels,
            UseLists = quotas == "file",
            MaxTokens = arguments.Integer("max-tokens", 256, 1),
            Refit = arguments.Integer("refit", 0, 0),
            Fit = arguments.Choice("fit", FitType.LeastSquares),
            States = arguments.Choice("states", StateType.F32),
        };
    }

    private static double Fraction(ChannelSet set) => (double)set.Compressed.Count() / set.Channels;

    /// <summary>Sizes and variants.</summary>
    public sealed record Options
    {
        /// <summary>Bytes of a lane as entries, a mean over all lanes, when the prompt has been read.</summary>
        public Budget Keep { get; init; }

        /// <summary>First tokens that stay as they are.</summary>
        public int Init { get; init; } = 4;

        /// <summary>Newest tokens that stay as they are; null to let the budget decide.</summary>
        public int? Local { get; init; }

        /// <summary>Share of the budget for first and newest tokens.</summary>
        public double Window { get; init; } = 0.25;

        /// <summary>k; null to let the budget decide.</summary>
        public int? Frequencies { get; init; }

        /// <summary>Shares of keys and values to compress, by layer and layers of the model; null to let the budget decide.</summary>
        public Func<int, int, (double Keys, double Values)>? Quotas { get; init; }

        /// <summary>Calibrated channels; null to rank them by the prompt.</summary>
        public ChannelTable? Channels { get; init; }

        /// <summary>Whether the lists of <see cref="Channels"/> are taken as they are.</summary>
        public bool UseLists { get; init; }

        /// <summary>Tokens after the prompt for which the period has room.</summary>
        public int MaxTokens { get; init; } = 256;

        /// <summary>Tokens that enter the middle between two fits; 0 to fit once.</summary>
        public int Refit { get; init; }

        /// <summary>Fit of curves.</summary>
        public FitType Fit { get; init; }

        /// <summary>Storage of sums.</summary>
        public StateType States { get; init; }

        internal bool LeastSquares => Fit == FitType.LeastSquares;
    }
}
