namespace Winnow.Models.Configuration;

/// <summary>Reads which layers have a sliding window, and how long it is.</summary>
internal static class WindowReader
{
    private static readonly ConfigKey Window = new("attention.sliding_window", "sliding_window");
    private static readonly ConfigKey Use = new("", "use_sliding_window");
    private static readonly ConfigKey FirstLayer = new("", "max_window_layers");
    private static readonly ConfigKey Pattern = new("", "sliding_window_pattern");

    /// <summary>Every layer has the window, unless the file says otherwise (Mistral, Phi-3).</summary>
    public static ModelConfig AllLayers(ModelConfig config, ConfigSource source) => Named(With(config, source), source);

    /// <summary>Only if the file switches windows on, and only from a layer on (Qwen).</summary>
    public static ModelConfig LateLayers(ModelConfig config, ConfigSource source)
    {
        if (!source.BoolOr(Use, false))
            return config;
        int first = source.IntegerOr(FirstLayer, config.Layers, 0, int.MaxValue);
        bool[] layers = [.. Enumerable.Range(0, config.Layers).Select(layer => layer >= first)];
        return Named(With(config, source) with { SlidingLayers = layers }, source);
    }

    /// <summary>All but every <paramref name="period"/>-th layer (Gemma).</summary>
    public static ModelConfig AllButEvery(int period, ModelConfig config, ConfigSource source)
    {
        period = source.IntegerOr(Pattern, period, 1, int.MaxValue);
        bool[] layers = [.. Enumerable.Range(0, config.Layers).Select(layer => (layer + 1) % period != 0)];
        return Named(With(config, source) with { SlidingLayers = layers }, source);
    }

    private static ModelConfig With(ModelConfig config, ConfigSource source) =>
        config with { SlidingWindow = source.IntegerOr(Window, 0, 0, int.MaxValue) };

    /// <summary>Newer files name each layer's kind, which overrides any rule.</summary>
    private static ModelConfig Named(ModelConfig config, ConfigSource source)
    {
        if ((source as JsonConfigSource)?.Texts("layer_types") is not { } kinds)
            return config;
        if (kinds.Length != config.Layers)
            throw source.Broken($"'layer_types' names {kinds.Length} layers of {config.Layers}; correct config.json");
        foreach (string kind in kinds)
        {
            if (kind is not ("sliding_attention" or "full_attention"))
                throw source.Broken($"'layer_types' names a layer '{kind}'; known are full_attention and sliding_attention");
        }
        return config with { SlidingLayers = [.. kinds.Select(kind => kind == "sliding_attention")] };
    }
}
