using Winnow.Kernels.Linear;
using Winnow.Models.Blocks;
using Winnow.Models.Configuration;
using Winnow.Models.Weights;

namespace Winnow.Models.Architectures;

/// <summary>
/// OPT (arXiv:2205.01068): learned positions, LayerNorm and biases everywhere, ReLU. Safetensors only, as GGUF defines no such architecture; the 350M
/// size normalises after its blocks and is refused.
/// </summary>
internal sealed class Opt : ModelFamily
{
    /// <summary>Rows before that of position 0, a legacy of the padding token.</summary>
    private const int PositionOffset = 2;

    private static readonly ConfigKey NormBefore = new("", "do_layer_norm_before");
    private static readonly ConfigKey EmbeddingWidth = new("", "word_embed_proj_dim");
    private static readonly ConfigKey Bias = new("", "enable_bias");
    private static readonly ConfigKey NormParameters = new("", "layer_norm_elementwise_affine");

    public override IReadOnlyList<string> Architectures => ["opt"];

    public override FeedForwardActivation Activation => FeedForwardActivation.Relu;

    public override TensorNames HuggingFaceNames { get; } = new("embed_tokens", "layers.{0}.", new Dictionary<string, string>
    {
        ["position_embd"] = "embed_positions",
        ["attn_norm"] = "self_attn_layer_norm",
        ["attn_q"] = "self_attn.q_proj",
        ["attn_k"] = "self_attn.k_proj",
        ["attn_v"] = "self_attn.v_proj",
        ["attn_output"] = "self_attn.out_proj",
        ["ffn_norm"] = "final_layer_norm",
        ["ffn_up"] = "fc1",
        ["ffn_down"] = "fc2",
        ["output_norm"] = "final_layer_norm",
        ["output"] = "lm_head",
    });

    public override IReadOnlyDictionary<string, double> HuggingFaceDefaults(string architecture) => new Dictionary<string, double>
    {
        ["max_position_embeddings"] = 2048,
        ["do_layer_norm_before"] = 1,
        ["enable_bias"] = 1,
        ["layer_norm_elementwise_affine"] = 1,
        ["tie_word_embeddings"] = 1,
        ["layer_norm_eps"] = 1e-5,
    };

    public override ModelConfig Adapt(ModelConfig config, ConfigSource source, WeightSource weights)
    {
        if (source.IsGguf)
            throw source.Broken("GGUF defines no OPT architecture; use the safetensors release of the model");
        bool usual = source.BoolOr(NormBefore, true) && source.BoolOr(Bias, true) && source.BoolOr(NormParameters, true)
            && source.IntegerOr(EmbeddingWidth, config.Width, 1, int.MaxValue) == config.Width;
        return usual
            ? config
            : throw source.Broken(
                "this variant of OPT (norms after the blocks, no biases, or an embedding of another width) is not supported; use another size");
    }

    public override TokenEmbedding BuildEmbedding(ModelConfig config, WeightSource weights, WeightMatrix tokens)
    {
        WeightMatrix positions = weights.Matrix("position_embd.weight", config.TrainedContextLength + PositionOffset, config.Width);
        return new TokenEmbedding(tokens, config.EmbeddingScale, positions, PositionOffset);
    }

    public override DecoderLayer BuildLayer(LayerBuilder build, ModelConfig config, bool gguf) => new()
    {
        AttentionNorm = build.LayerNorm("attn_norm"),
        Attention = build.Attention(),
        FeedForwardNorm = build.LayerNorm("ffn_norm"),
        FeedForward = build.PlainFeedForward(),
    };

    public override Norm BuildFinalNorm(LayerBuilder build, bool gguf) => build.LayerNorm("output_norm");
}
