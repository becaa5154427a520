using Winnow.Models.Blocks;
using Winnow.Models.Configuration;
using Winnow.Models.Weights;

namespace Winnow.Models.Architectures;

/// <summary>
/// GPT-NeoX and Pythia (arXiv:2204.06745, 2304.01373): attention and feed-forward side by side, a part of each head rotated, LayerNorm and biases.
/// Published files interleave q, k and v head by head; GGUF puts them one after another.
/// </summary>
internal sealed class GptNeoX : ModelFamily
{
    private static readonly ConfigKey ParallelResidual = new("use_parallel_residual", "use_parallel_residual");

    public override IReadOnlyList<string> Architectures => ["gptneox", "gpt_neox"];

    public override FeedForwardActivation Activation => FeedForwardActivation.GeluErf;

    public override TensorNames HuggingFaceNames { get; } = new("embed_in", "layers.{0}.", new Dictionary<string, string>
    {
        ["attn_norm"] = "input_layernorm",
        ["attn_qkv"] = "attention.query_key_value",
        ["attn_output"] = "attention.dense",
        ["ffn_norm"] = "post_attention_layernorm",
        ["ffn_up"] = "mlp.dense_h_to_4h",
        ["ffn_down"] = "mlp.dense_4h_to_h",
        ["output_norm"] = "final_layer_norm",
        ["output"] = "embed_out",
    });

    public override IReadOnlyDictionary<string, double> HuggingFaceDefaults(string architecture) => new Dictionary<string, double>
    {
        ["max_position_embeddings"] = 2048,
        ["rotary_pct"] = 0.25,
        ["layer_norm_eps"] = 1e-5,
        ["use_parallel_residual"] = 1,
    };

    public override ModelConfig Adapt(ModelConfig config, ConfigSource source, WeightSource weights)
    {
        if (config.KvHeads != config.QueryHeads)
            throw source.Broken($"{config.KvHeads} key/value heads for {config.QueryHeads} query heads are not possible in GPT-NeoX; the file is broken");
        return base.Adapt(config, source, weights) with { ParallelResidual = source.BoolOr(ParallelResidual, true) };
    }

    public override DecoderLayer BuildLayer(LayerBuilder build, ModelConfig config, bool gguf) => new()
    {
        AttentionNorm = build.LayerNorm("attn_norm"),
        Attention = gguf ? build.FusedAttention() : build.HeadwiseFusedAttention(),
        FeedForwardNorm = build.LayerNorm("ffn_norm"),
        FeedForward = build.PlainFeedForward(),
    };

    public override Norm BuildFinalNorm(LayerBuilder build, bool gguf) => build.LayerNorm("output_norm");
}
