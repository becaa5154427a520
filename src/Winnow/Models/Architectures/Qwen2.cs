using Winnow.Models.Blocks;
using Winnow.Models.Configuration;
using Winnow.Models.Weights;

namespace Winnow.Models.Architectures;

/// <summary>Qwen 2 and 2.5 (arXiv:2407.10671): Llama's layer with biases on q, k and v.</summary>
internal sealed class Qwen2 : ModelFamily
{
    public override IReadOnlyList<string> Architectures => ["qwen2"];

    public override TensorNames HuggingFaceNames => Llama.Names;

    public override IReadOnlyDictionary<string, double> HuggingFaceDefaults(string architecture) =>
        new Dictionary<string, double> { ["rms_norm_eps"] = 1e-6, ["max_position_embeddings"] = 32_768, ["sliding_window"] = 4096, ["max_window_layers"] = 28 };

    public override ModelConfig Adapt(ModelConfig config, ConfigSource source, WeightSource weights) =>
        WindowReader.LateLayers(base.Adapt(config, source, weights), source);

    public override DecoderLayer BuildLayer(LayerBuilder build, ModelConfig config, bool gguf) => new()
    {
        AttentionNorm = build.RmsNorm("attn_norm"),
        Attention = build.Attention(),
        FeedForwardNorm = build.RmsNorm("ffn_norm"),
        FeedForward = build.GatedFeedForward(),
    };
}
