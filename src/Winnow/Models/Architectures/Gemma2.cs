using Winnow.Models.Blocks;
using Winnow.Models.Configuration;
using Winnow.Models.Weights;

namespace Winnow.Models.Architectures;

/// <summary>
/// Gemma 2 (arXiv:2408.00118): norms before and after each block, GeGLU, embedding times √width, soft caps on attention and final logits, a sliding
/// window in every other layer. Published norm gains are stored minus one; GGUF stores them whole.
/// </summary>
internal sealed class Gemma2 : ModelFamily
{
    /// <summary>The one size (27B) whose attention scale follows width ÷ heads instead of the head's size; GGUF does not say so.</summary>
    private const int LayersOf27B = 46;

    private static readonly ConfigKey AttentionSoftCap = new("attn_logit_softcapping", "attn_logit_softcapping");
    private static readonly ConfigKey FinalSoftCap = new("final_logit_softcapping", "final_logit_softcapping");
    private static readonly ConfigKey QueryScalar = new("", "query_pre_attn_scalar");

    /// <summary>Llama's names, but with four norms a layer.</summary>
    public static TensorNames Names { get; } = Llama.Names with
    {
        Parts = new Dictionary<string, string>(Llama.Names.Parts)
        {
            ["post_attention_norm"] = "post_attention_layernorm",
            ["ffn_norm"] = "pre_feedforward_layernorm",
            ["post_ffw_norm"] = "post_feedforward_layernorm",
        },
    };

    public override IReadOnlyList<string> Architectures => ["gemma2"];

    public override TensorNames HuggingFaceNames => Names;

    public override FeedForwardActivation Activation => FeedForwardActivation.GeluTanh;

    public override IReadOnlyDictionary<string, double> HuggingFaceDefaults(string architecture) => new Dictionary<string, double>
    {
        ["rms_norm_eps"] = 1e-6,
        ["max_position_embeddings"] = 8192,
        ["head_dim"] = 256,
        ["query_pre_attn_scalar"] = 256,
        ["sliding_window"] = 4096,
        ["attn_logit_softcapping"] = 50,
        ["final_logit_softcapping"] = 30,
        ["tie_word_embeddings"] = 1,
    };

    public override ModelConfig Adapt(ModelConfig config, ConfigSource source, WeightSource weights) =>
        WindowReader.AllButEvery(2, Scaled(base.Adapt(config, source, weights), source, LayersOf27B), source) with
        {
            AttentionSoftCap = (float)source.NumberOr(AttentionSoftCap, source.IsGguf ? 50 : 0, 0),
            FinalSoftCap = (float)source.NumberOr(FinalSoftCap, source.IsGguf ? 30 : 0, 0),
        };

    public override DecoderLayer BuildLayer(LayerBuilder build, ModelConfig config, bool gguf) => new()
    {
        AttentionNorm = build.RmsNorm("attn_norm", NormOffset(gguf)),
        Attention = build.Attention(),
        PostAttentionNorm = build.RmsNorm("post_attention_norm", NormOffset(gguf)),
        FeedForwardNorm = build.RmsNorm("ffn_norm", NormOffset(gguf)),
        FeedForward = build.GatedFeedForward(),
        PostFeedForwardNorm = build.RmsNorm("post_ffw_norm", NormOffset(gguf)),
    };

    public override Norm BuildFinalNorm(LayerBuilder build, bool gguf) => build.RmsNorm("output_norm", NormOffset(gguf));

    /// <summary>What is to be added to a stored norm gain.</summary>
    internal static float NormOffset(bool gguf) => gguf ? 0 : 1;

    /// <summary>Embedding and attention scales, which Gemma 3 shares.</summary>
    internal static ModelConfig Scaled(ModelConfig config, ConfigSource source, int layersOf27B)
    {
        double scalar = source.IsGguf && config.Layers == layersOf27B ? (double)config.Width / config.QueryHeads : config.HeadDim;
        return config with
        {
            EmbeddingScale = MathF.Sqrt(config.Width),
            AttentionScale = (float)(1 / Math.Sqrt(source.NumberOr(QueryScalar, scalar, 1e-6))),
        };
    }
}
