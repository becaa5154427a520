using Winnow.Models.Blocks;
using Winnow.Models.Configuration;
using Winnow.Models.Weights;

namespace Winnow.Models.Architectures;

/// <summary>
/// Gemma 3, text (arXiv:2503.19786): Gemma 2 with QK-norm instead of soft caps, five windowed layers to one full one, and a rotary base of its own
/// for the windowed layers.
/// </summary>
internal sealed class Gemma3 : ModelFamily
{
    private const int LayersOf27B = 62;

    private static readonly ConfigKey LocalTheta = new("rope.freq_base_swa", "rope_local_base_freq");
    private static readonly ConfigKey AttentionSoftCap = new("attn_logit_softcapping", "attn_logit_softcapping");
    private static readonly ConfigKey FinalSoftCap = new("final_logit_softcapping", "final_logit_softcapping");

    public override IReadOnlyList<string> Architectures => ["gemma3", "gemma3_text"];

    public override TensorNames HuggingFaceNames => Gemma2.Names;

    public override FeedForwardActivation Activation => FeedForwardActivation.GeluTanh;

    public override IReadOnlyDictionary<string, double> HuggingFaceDefaults(string architecture) => new Dictionary<string, double>
    {
        ["rms_norm_eps"] = 1e-6,
        ["max_position_embeddings"] = 131_072,
        ["num_attention_heads"] = 8,
        ["num_key_value_heads"] = 4,
        ["head_dim"] = 256,
        ["query_pre_attn_scalar"] = 256,
        ["rope_theta"] = 1_000_000,
        ["sliding_window"] = 4096,
        ["tie_word_embeddings"] = 1,
    };

    public override ModelConfig Adapt(ModelConfig config, ConfigSource source, WeightSource weights)
    {
        ModelConfig adapted = Gemma2.Scaled(base.Adapt(config, source, weights), source, LayersOf27B);
        return WindowReader.AllButEvery(6, adapted, source) with
        {
            LocalRotary = Local(adapted, source, weights),
            AttentionSoftCap = (float)source.NumberOr(AttentionSoftCap, 0, 0),
            FinalSoftCap = (float)source.NumberOr(FinalSoftCap, 0, 0),
        };
    }

    public override DecoderLayer BuildLayer(LayerBuilder build, ModelConfig config, bool gguf)
    {
        float offset = Gemma2.NormOffset(gguf);
        return new DecoderLayer
        {
            AttentionNorm = build.RmsNorm("attn_norm", offset),
            Attention = build.Attention(build.HeadNorm("attn_q_norm", offset), build.HeadNorm("attn_k_norm", offset)),
            PostAttentionNorm = build.RmsNorm("post_attention_norm", offset),
            FeedForwardNorm = build.RmsNorm("ffn_norm", offset),
            FeedForward = build.GatedFeedForward(),
            PostFeedForwardNorm = build.RmsNorm("post_ffw_norm", offset),
        };
    }

    public override Norm BuildFinalNorm(LayerBuilder build, bool gguf) => build.RmsNorm("output_norm", Gemma2.NormOffset(gguf));

    /// <summary>Windowed layers never stretch their frequencies: a window is shorter than any text of the pre-training.</summary>
    private static RotaryConfig Local(ModelConfig config, ConfigSource source, WeightSource weights)
    {
        if ((source as JsonConfigSource)?.Section("rope_parameters")?.Section("sliding_attention") is not null)
            return RotaryConfigReader.Read(source, config, weights, "sliding_attention");
        return new RotaryConfig { Theta = source.NumberOr(LocalTheta, 10_000, 1.000001), Dimension = config.Rotary!.Dimension };
    }
}
