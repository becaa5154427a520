using Winnow.Models.Blocks;
using Winnow.Models.Configuration;
using Winnow.Models.Weights;

namespace Winnow.Models.Architectures;

/// <summary>
/// Phi-3, Phi-3.5 mini and Phi-4 (arXiv:2404.14219): Llama's layer with q, k, v in one tensor and gate, up in another; LongRoPE in long variants.
/// </summary>
internal sealed class Phi3 : ModelFamily
{
    public override IReadOnlyList<string> Architectures => ["phi3"];

    public override TensorNames HuggingFaceNames { get; } = Llama.Names with
    {
        Parts = new Dictionary<string, string>(Llama.Names.Parts)
        {
            ["attn_qkv"] = "self_attn.qkv_proj",
            ["ffn_up"] = "mlp.gate_up_proj",
        },
    };

    public override IReadOnlyDictionary<string, double> HuggingFaceDefaults(string architecture) =>
        new Dictionary<string, double> { ["rms_norm_eps"] = 1e-5, ["max_position_embeddings"] = 4096 };

    public override ModelConfig Adapt(ModelConfig config, ConfigSource source, WeightSource weights) =>
        WindowReader.AllLayers(base.Adapt(config, source, weights), source);

    public override DecoderLayer BuildLayer(LayerBuilder build, ModelConfig config, bool gguf) => new()
    {
        AttentionNorm = build.RmsNorm("attn_norm"),
        Attention = build.FusedAttention(),
        FeedForwardNorm = build.RmsNorm("ffn_norm"),
        FeedForward = build.FusedGatedFeedForward(),
    };
}
