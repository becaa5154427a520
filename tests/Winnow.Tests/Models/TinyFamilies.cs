using System.Text.Json.Nodes;

namespace Winnow.Tests.Models;

/// <summary>One tiny checkpoint for each family, with what is particular to the family switched on.</summary>
internal static class TinyFamilies
{
    private const int Width = TinyModel.Width, FeedForward = TinyModel.FeedForward;

    public static TinyModel Create(string family) => family switch
    {
        "llama" => LlamaLike(new TinyModel(family)).With("rope_theta", 5000).With("rms_norm_eps", 1e-5),
        "mistral" => LlamaLike(new TinyModel(family, kvHeads: 1)).With("sliding_window", 5).With("rms_norm_eps", 1e-5),
        "qwen2" => Biased(LlamaLike(new TinyModel(family, kvHeads: 4))).With("rope_theta", 100_000),
        "qwen3" => HeadNorms(LlamaLike(new TinyModel(family, headDim: 24)), 1).With("rope_theta", 100_000),
        "gemma2" => Gemma(new TinyModel(family, layers: 4, headDim: 24)).With("sliding_window", 5).With("query_pre_attn_scalar", 24)
            .With("attn_logit_softcapping", 1.5).With("final_logit_softcapping", 2.0),
        "gemma3" => HeadNorms(Gemma(new TinyModel("gemma3_text", layers: 7, headDim: 24)), 0).With("sliding_window", 4)
            .With("query_pre_attn_scalar", 24).With("rope_local_base_freq", 10_000).With("rope_theta", 1_000_000)
            .With("rope_scaling", new JsonObject { ["rope_type"] = "linear", ["factor"] = 8.0 }),
        "phi3" => Phi3(new TinyModel(family)).With("sliding_window", 7).With("partial_rotary_factor", 0.5),
        "opt" => Opt(new TinyModel(family, kvHeads: 4)),
        "gpt_neox" => NeoX(new TinyModel(family, kvHeads: 4)).With("rotary_pct", 0.25).With("hidden_act", "gelu").With("layer_norm_eps", 1e-5),
        "gpt_neox_serial" => NeoX(new TinyModel("gpt_neox", kvHeads: 4)).With("rotary_pct", 0.5).With("use_parallel_residual", false)
            .With("hidden_act", "gelu_new"),
        _ => throw new ArgumentOutOfRangeException(nameof(family)),
    };

    private static TinyModel LlamaLike(TinyModel model)
    {
        model.Matrix("model.embed_tokens", TinyModel.Vocabulary, Width).Norm("model.norm", 1).Matrix("lm_head", TinyModel.Vocabulary, Width);
        for (int layer = 0; layer < model.Layers; layer++)
        {
            string at = $"model.layers.{layer}.";
            SplitAttention(model, at + "self_attn.").Norm(at + "input_layernorm", 1).Norm(at + "post_attention_layernorm", 1);
            GatedMlp(model, at);
        }
        return model;
    }

    private static TinyModel Gemma(TinyModel model)
    {
        model.Matrix("model.embed_tokens", TinyModel.Vocabulary, Width).Norm("model.norm", 0);
        for (int layer = 0; layer < model.Layers; layer++)
        {
            string at = $"model.layers.{layer}.";
            SplitAttention(model, at + "self_attn.").Norm(at + "input_layernorm", 0).Norm(at + "post_attention_layernorm", 0)
                .Norm(at + "pre_feedforward_layernorm", 0).Norm(at + "post_feedforward_layernorm", 0);
            GatedMlp(model, at);
        }
        return model;
    }

    private static TinyModel Phi3(TinyModel model)
    {
        model.Matrix("model.embed_tokens", TinyModel.Vocabulary, Width).Norm("model.norm", 1).Matrix("lm_head", TinyModel.Vocabulary, Width);
        for (int layer = 0; layer < model.Layers; layer++)
        {
            string at = $"model.layers.{layer}.";
            model.Norm(at + "input_layernorm", 1).Norm(at + "post_attention_layernorm", 1)
                .Matrix(at + "self_attn.qkv_proj", (TinyModel.QueryHeads + 2 * model.KvHeads) * model.HeadDim, Width)
                .Matrix(at + "self_attn.o_proj", Width, TinyModel.QueryHeads * model.HeadDim)
                .Matrix(at + "mlp.gate_up_proj", 2 * FeedForward, Width).Matrix(at + "mlp.down_proj", Width, FeedForward);
        }
        return model;
    }

    private static TinyModel Opt(TinyModel model)
    {
        const string Root = "model.decoder.";
        model.Matrix(Root + "embed_tokens", TinyModel.Vocabulary, Width).Matrix(Root + "embed_positions", TinyModel.Context + 2, Width);
        LayerNorm(model, Root + "final_layer_norm");
        for (int layer = 0; layer < model.Layers; layer++)
        {
            string at = $"{Root}layers.{layer}.";
            foreach (string name in (string[])["q_proj", "k_proj", "v_proj", "out_proj"])
                model.Matrix($"{at}self_attn.{name}", Width, Width).Bias($"{at}self_attn.{name}", Width);
            LayerNorm(LayerNorm(model, at + "self_attn_layer_norm"), at + "final_layer_norm");
            model.Matrix(at + "fc1", FeedForward, Width).Bias(at + "fc1", FeedForward).Matrix(at + "fc2", Width, FeedForward).Bias(at + "fc2", Width);
        }
        return model;
    }

    private static TinyModel NeoX(TinyModel model)
    {
        model.Matrix("gpt_neox.embed_in", TinyModel.Vocabulary, Width).Matrix("embed_out", TinyModel.Vocabulary, Width);
        LayerNorm(model, "gpt_neox.final_layer_norm");
        for (int layer = 0; layer < model.Layers; layer++)
        {
            string at = $"gpt_neox.layers.{layer}.";
            LayerNorm(LayerNorm(model, at + "input_layernorm"), at + "post_attention_layernorm");
            model.Matrix(at + "attention.query_key_value", 3 * Width, Width).Bias(at + "attention.query_key_value", 3 * Width)
                .Matrix(at + "attention.dense", Width, Width).Bias(at + "attention.dense", Width)
                .Matrix(at + "mlp.dense_h_to_4h", FeedForward, Width).Bias(at + "mlp.dense_h_to_4h", FeedForward)
                .Matrix(at + "mlp.dense_4h_to_h", Width, FeedForward).Bias(at + "mlp.dense_4h_to_h", Width);
        }
        return model;
    }

    private static TinyModel SplitAttention(TinyModel model, string at) => model
        .Matrix(at + "q_proj", TinyModel.QueryHeads * model.HeadDim, Width)
        .Matrix(at + "k_proj", model.KvHeads * model.HeadDim, Width)
        .Matrix(at + "v_proj", model.KvHeads * model.HeadDim, Width)
        .Matrix(at + "o_proj", Width, TinyModel.QueryHeads * model.HeadDim);

    private static void GatedMlp(TinyModel model, string at) => model
        .Matrix(at + "mlp.gate_proj", FeedForward, Width)
        .Matrix(at + "mlp.up_proj", FeedForward, Width)
        .Matrix(at + "mlp.down_proj", Width, FeedForward);

    private static TinyModel LayerNorm(TinyModel model, string name) => model.Norm(name, 1).Bias(name, Width);

    private static TinyModel Biased(TinyModel model)
    {
        for (int layer = 0; layer < model.Layers; layer++)
        {
            string at = $"model.layers.{layer}.self_attn.";
            model.Bias(at + "q_proj", TinyModel.QueryHeads * model.HeadDim).Bias(at + "k_proj", model.KvHeads * model.HeadDim)
                .Bias(at + "v_proj", model.KvHeads * model.HeadDim);
        }
        return model;
    }

    private static TinyModel HeadNorms(TinyModel model, float centre)
    {
        for (int layer = 0; layer < model.Layers; layer++)
        {
            string at = $"model.layers.{layer}.self_attn.";
            model.Norm(at + "q_norm", centre, model.HeadDim).Norm(at + "k_norm", centre, model.HeadDim);
        }
        return model;
    }
}
