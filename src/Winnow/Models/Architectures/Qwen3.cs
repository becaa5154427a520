using Winnow.Models.Blocks;
using Winnow.Models.Configuration;
using Winnow.Models.Weights;

namespace Winnow.Models.Architectures;

/// <summary>Qwen 3, dense (arXiv:2505.09388): Llama's layer with RMSNorm on each query and key head, and a head size of its own.</summary>
internal sealed class Qwen3 : ModelFamily
{
    public override IReadOnlyList<string> Architectures => ["qwen3"];

    public override TensorNames HuggingFaceNames => Llama.Names;

    public override IReadOnlyDictionary<string, double> HuggingFaceDefaults(string architecture) => new Dictionary<string, double>
    {
        ["rms_norm_eps"] = 1e-6,
        ["max_position_embeddings"] = 32_768,
        ["head_dim"] = 128,
        ["sliding_window"] = 4096,
        ["max_window_layers"] = 28,
    };

    public override ModelConfig Adapt(ModelConfig config, ConfigSource source, WeightSource weights) =>
        WindowReader.LateLayers(base.Adapt(config, source, weights), source);

    public override DecoderLayer BuildLayer(LayerBuilder build, ModelConfig config, bool gguf) => new()
    {
        AttentionNorm = build.RmsNorm("attn_norm"),
        Attention = build.Attention(build.HeadNorm("attn_q_norm"), build.HeadNorm("attn_k_norm")),
        FeedForwardNorm = build.RmsNorm("ffn_norm"),
        FeedForward = build.GatedFeedForward(),
    };
}
