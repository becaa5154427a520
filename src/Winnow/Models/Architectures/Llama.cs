using Winnow.Kernels.Elementwise;
using Winnow.Models.Blocks;
using Winnow.Models.Configuration;
using Winnow.Models.Weights;

namespace Winnow.Models.Architectures;

/// <summary>
/// Llama 1 to 3 (arXiv:2302.13971, 2407.21783), Mistral 7B (arXiv:2310.06825), SmolLM2: RMSNorm before each block, grouped heads, SwiGLU.
/// GGUF permutes the rows of q and k so that rotary pairs are neighbours.
/// </summary>
internal sealed class Llama : ModelFamily
{
    /// <summary>Names that Llama, Mistral, Qwen and Gemma share.</summary>
    public static TensorNames Names { get; } = new("embed_tokens", "layers.{0}.", new Dictionary<string, string>
    {
        ["attn_norm"] = "input_layernorm",
        ["attn_q"] = "self_attn.q_proj",
        ["attn_k"] = "self_attn.k_proj",
        ["attn_v"] = "self_attn.v_proj",
        ["attn_output"] = "self_attn.o_proj",
        ["attn_q_norm"] = "self_attn.q_norm",
        ["attn_k_norm"] = "self_attn.k_norm",
        ["ffn_norm"] = "post_attention_layernorm",
        ["ffn_gate"] = "mlp.gate_proj",
        ["ffn_up"] = "mlp.up_proj",
        ["ffn_down"] = "mlp.down_proj",
        ["output_norm"] = "norm",
        ["output"] = "lm_head",
    });

    public override IReadOnlyList<string> Architectures => ["llama", "mistral"];

    public override TensorNames HuggingFaceNames => Names;

    public override RotaryStyle RotaryStyle(bool gguf) =>
        gguf ? Kernels.Elementwise.RotaryStyle.Interleaved : Kernels.Elementwise.RotaryStyle.Half;

    public override IReadOnlyDictionary<string, double> HuggingFaceDefaults(string architecture) => architecture == "mistral"
        ? new Dictionary<string, double> { ["rms_norm_eps"] = 1e-6, ["max_position_embeddings"] = 131_072, ["sliding_window"] = 4096 }
        : new Dictionary<string, double> { ["rms_norm_eps"] = 1e-6, ["max_position_embeddings"] = 2048 };

    public override ModelConfig Adapt(ModelConfig config, ConfigSource source, WeightSource weights) =>
        WindowReader.AllLayers(base.Adapt(config, source, weights), source);

    public override DecoderLayer BuildLayer(LayerBuilder build, ModelConfig config, bool gguf) => new()
    {
        AttentionNorm = build.RmsNorm("attn_norm"),
        Attention = build.Attention(),
        FeedForwardNorm = build.RmsNorm("ffn_norm"),
        FeedForward = build.GatedFeedForward(),
    };
}
