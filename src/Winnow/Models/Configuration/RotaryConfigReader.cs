using Winnow.Models.Weights;

namespace Winnow.Models.Configuration;

/// <summary>Reads the rotary embedding in the forms that the two formats have grown.</summary>
internal static class RotaryConfigReader
{
    private const double MaxTheta = 1e12;
    private const double MaxFactor = 1e6;
    private const int MaxContext = 1 << 28;

    private static readonly ConfigKey Theta = new("rope.freq_base", "rope_theta");
    private static readonly ConfigKey OldTheta = new("", "rotary_emb_base");
    private static readonly ConfigKey Dimension = new("rope.dimension_count", "");
    private static readonly ConfigKey Part = new("", "partial_rotary_factor");
    private static readonly ConfigKey OldPart = new("", "rotary_pct");
    private static readonly ConfigKey ScalingType = new("rope.scaling.type", "rope_type");
    private static readonly ConfigKey Factor = new("rope.scaling.factor", "factor");
    private static readonly ConfigKey Original = new("rope.scaling.original_context_length", "original_max_position_embeddings");
    private static readonly ConfigKey LowFrequency = new("", "low_freq_factor");
    private static readonly ConfigKey HighFrequency = new("", "high_freq_factor");
    private static readonly ConfigKey BetaFast = new("rope.scaling.yarn_beta_fast", "beta_fast");
    private static readonly ConfigKey BetaSlow = new("rope.scaling.yarn_beta_slow", "beta_slow");
    private static readonly ConfigKey Mscale = new("", "mscale");
    private static readonly ConfigKey MscaleAll = new("", "mscale_all_dim");
    private static readonly ConfigKey AttentionFactor = new("rope.scaling.attn_factor", "attention_factor");
    private static readonly ConfigKey Truncate = new("", "truncate");

    /// <summary>Reads the embedding of a model.</summary>
    /// <param name="source">Settings of the checkpoint.</param>
    /// <param name="config">What is known already: head size and context length.</param>
    /// <param name="weights">Divisors that GGUF keeps as tensors.</param>
    /// <param name="kind">Name of the kind of layer in files that have several (<c>full_attention</c>, <c>sliding_attention</c>).</param>
    public static RotaryConfig Read(ConfigSource source, ModelConfig config, WeightSource weights, string kind = "full_attention")
    {
        JsonConfigSource? section = Section(source, kind);
        ConfigSource inner = section ?? source;
        ConfigSource parts = inner.Has(Part) || inner.Has(OldPart) ? inner : source;
        double part = parts.NumberOr(parts.Has(Part) ? Part : OldPart, 1, 0, 1);
        int dimension = source.IntegerOr(Dimension, (int)(config.HeadDim * part), 1, config.HeadDim);
        if (dimension % 2 != 0 || dimension == 0)
            throw source.Broken($"{dimension} rotated channels of a head do not form pairs; the file is broken, download or convert it again");
        ConfigSource bases = inner.Has(Theta) ? inner : source;
        double theta = bases.NumberOr(bases.Has(Theta) ? Theta : OldTheta, 10_000, 1.000001, MaxTheta);
        RotaryScaling scaling = source.IsGguf
            ? FromGguf(source, config, weights, dimension)
            : section is null ? RotaryScaling.None : FromJson(source, section, config);
        CheckDivisors(source, scaling, dimension);
        return new RotaryConfig { Theta = theta, Dimension = dimension, Scaling = scaling };
    }

    private static JsonConfigSource? Section(ConfigSource source, string kind)
    {
        if (source is not JsonConfigSource json)
            return null;
        JsonConfigSource? parameters = json.Section("rope_parameters");
        return parameters?.Section(kind) ?? parameters ?? json.Section("rope_scaling");
    }

    private static RotaryScaling FromGguf(ConfigSource source, ModelConfig config, WeightSource weights, int dimension)
    {
        int original = source.IntegerOr(Original, config.TrainedContextLength, 1, MaxContext);
        string type = source.TextOr(ScalingType, "none");
        if (weights.Has("rope_factors_long.weight"))
        {
            string name = config.ContextLength > original ? "rope_factors_long.weight" : "rope_factors_short.weight";
            return new RotaryScaling
            {
                Kind = RotaryScalingKind.LongRope,
                OriginalContextLength = original,
                AttentionFactor = source.NumberOr(AttentionFactor, 1, 0, MaxFactor),
                Divisors = Widen(weights.Vector(name, dimension / 2)),
            };
        }
        double factor = source.NumberOr(Factor, 1, 1e-6, MaxFactor);
        RotaryScaling scaling = new()
        {
            Factor = factor,
            OriginalContextLength = original,
            BetaFast = source.NumberOr(BetaFast, 32, 0, MaxFactor),
            BetaSlow = source.NumberOr(BetaSlow, 1, 0, MaxFactor),
            Divisors = weights.Has("rope_freqs.weight") ? Widen(weights.Vector("rope_freqs.weight", dimension / 2)) : null,
        };
        return type switch
        {
            "none" or "longrope" => scaling,
            "linear" => scaling with { Kind = RotaryScalingKind.Linear },
            "yarn" => scaling with { Kind = RotaryScalingKind.Yarn, AttentionFactor = GgufYarnMagnitude(source, factor) },
            _ => throw UnknownType(source, type),
        };
    }

    /// <summary>GGUF's factor multiplies the magnitude of the paper's rule, where config.json's replaces it.</summary>
    private static double? GgufYarnMagnitude(ConfigSource source, double factor) =>
        source.Has(AttentionFactor) ? source.NumberOr(AttentionFactor, 1, 0, MaxFactor) * (1 + 0.1 * Math.Log(Math.Max(1, factor))) : null;

    private static RotaryScaling FromJson(ConfigSource source, JsonConfigSource section, ModelConfig config)
    {
        string type = section.TextOr(ScalingType, section.TextOr(ScalingType with { HuggingFace = "type" }, "default"));
        ConfigSource originals = section.Has(Original) ? section : source;
        int trained = config.TrainedContextLength;
        int original = originals.IntegerOr(Original, trained, 1, MaxContext);
        RotaryScaling scaling = new()
        {
            Factor = section.NumberOr(Factor, (double)trained / original, 1e-6, MaxFactor),
            OriginalContextLength = original,
            AttentionFactor = section.Has(AttentionFactor) ? section.NumberOr(AttentionFactor, 1, 0, MaxFactor) : null,
        };
        return type switch
        {
            "default" or "none" => RotaryScaling.None,
            "linear" => scaling with { Kind = RotaryScalingKind.Linear },
            "llama3" => Llama3(scaling, section),
            "yarn" => Yarn(scaling, section),
            "longrope" or "su" => LongRope(scaling, source, section, config.ContextLength),
            _ => throw UnknownType(source, type),
        };
    }

    private static RotaryScaling Llama3(RotaryScaling scaling, JsonConfigSource section)
    {
        double low = section.NumberOr(LowFrequency, 1, 1e-6, MaxFactor), high = section.NumberOr(HighFrequency, 4, 1e-6, MaxFactor);
        return high > low
            ? scaling with { Kind = RotaryScalingKind.Llama3, LowFrequencyFactor = low, HighFrequencyFactor = high }
            : throw section.Broken($"'high_freq_factor' {high} is not above 'low_freq_factor' {low}; correct rope_scaling in config.json");
    }

    private static RotaryScaling Yarn(RotaryScaling scaling, JsonConfigSource section) => scaling with
    {
        Kind = RotaryScalingKind.Yarn,
        BetaFast = section.NumberOr(BetaFast, 32, 0, MaxFactor),
        BetaSlow = section.NumberOr(BetaSlow, 1, 0, MaxFactor),
        Mscale = section.NumberOr(Mscale, 0, 0, MaxFactor),
        MscaleAllDimensions = section.NumberOr(MscaleAll, 0, 0, MaxFactor),
        Truncate = section.BoolOr(Truncate, true),
    };

    private static RotaryScaling LongRope(RotaryScaling scaling, ConfigSource source, JsonConfigSource section, int contextLength)
    {
        string name = contextLength > scaling.OriginalContextLength ? "long_factor" : "short_factor";
        return scaling with
        {
            Kind = RotaryScalingKind.LongRope,
            Divisors = section.Numbers(name) ?? throw source.Broken($"rotary scaling needs '{name}', which config.json does not have; download it again"),
        };
    }

    private static void CheckDivisors(ConfigSource source, RotaryScaling scaling, int dimension)
    {
        if (scaling.Divisors is not { } divisors)
            return;
        if (divisors.Count != dimension / 2)
            throw source.Broken($"rotary scaling has {divisors.Count} divisors for {dimension / 2} pairs of channels; download or convert the model again");
        if (!divisors.All(divisor => divisor > 0 && double.IsFinite(divisor)))
            throw source.Broken("rotary scaling has a divisor that is not above zero; download or convert the model again");
    }

    private static double[] Widen(float[] values) => Array.ConvertAll(values, value => (double)value);

    private static WinnowException UnknownType(ConfigSource source, string type) =>
        source.Broken($"rotary scaling '{type}' is not supported; known are linear, llama3, yarn and longrope");
}
