using Winnow.Formats;
using Winnow.Kernels.Blocks;
using Winnow.Tests.Formats;

namespace Winnow.Tests.Models;

/// <summary>Converts a tiny published checkpoint to GGUF as the format's converters do: names, permuted rows, whole norm gains.</summary>
internal static class TinyGgufModel
{
    private static readonly Dictionary<string, string> Pieces = new()
    {
        ["model.embed_tokens"] = "token_embd",
        ["gpt_neox.embed_in"] = "token_embd",
        ["model.norm"] = "output_norm",
        ["gpt_neox.final_layer_norm"] = "output_norm",
        ["rope_freqs"] = "rope_freqs",
        ["lm_head"] = "output",
        ["embed_out"] = "output",
        ["input_layernorm"] = "attn_norm",
        ["self_attn.q_proj"] = "attn_q",
        ["self_attn.k_proj"] = "attn_k",
        ["self_attn.v_proj"] = "attn_v",
        ["self_attn.q_norm"] = "attn_q_norm",
        ["self_attn.k_norm"] = "attn_k_norm",
        ["self_attn.o_proj"] = "attn_output",
        ["self_attn.qkv_proj"] = "attn_qkv",
        ["attention.query_key_value"] = "attn_qkv",
        ["attention.dense"] = "attn_output",
        ["post_attention_layernorm"] = "ffn_norm",
        ["pre_feedforward_layernorm"] = "ffn_norm",
        ["post_feedforward_layernorm"] = "post_ffw_norm",
        ["mlp.gate_proj"] = "ffn_gate",
        ["mlp.up_proj"] = "ffn_up",
        ["mlp.gate_up_proj"] = "ffn_up",
        ["mlp.down_proj"] = "ffn_down",
        ["mlp.dense_h_to_4h"] = "ffn_up",
        ["mlp.dense_4h_to_h"] = "ffn_down",
    };

    public static Checkpoint Open(TinyModel model, TempFolder folder)
    {
        GgufWriter writer = Describe(model);
        bool gemma = model.Family.StartsWith("gemma", StringComparison.Ordinal);
        foreach ((string name, TinyModel.Tensor tensor) in model.Tensors)
        {
            TinyModel.Tensor stored = Reordered(model, name, tensor);
            if (gemma && name.EndsWith("norm.weight", StringComparison.Ordinal))
                stored = stored with { Values = Array.ConvertAll(stored.Values, value => value + 1) };
            writer.AddTensor(NameOf(name, gemma), TensorType.F32, [.. stored.Shape.Select(size => (long)size)], stored.Bytes);
        }
        string path = Path.Combine(folder.Path, "tiny.gguf");
        writer.Write(path);
        return Checkpoint.Open(path);
    }

    private static GgufWriter Describe(TinyModel model)
    {
        string architecture = model.Family switch { "gpt_neox" => "gptneox", "gemma3_text" => "gemma3", "mistral" => "llama", string other => other };
        GgufWriter writer = new GgufWriter().Add("general.architecture", architecture);
        void Integer(string key, int value) => writer.Add($"{architecture}.{key}", (uint)value);
        void Copy(string key, string setting)
        {
            if (model.Config[setting] is { } value)
                writer.Add($"{architecture}.{key}", float.Parse(value.ToJsonString()));
        }
        Integer("block_count", model.Layers);
        Integer("embedding_length", TinyModel.Width);
        Integer("feed_forward_length", TinyModel.FeedForward);
        Integer("attention.head_count", TinyModel.QueryHeads);
        Integer("attention.head_count_kv", model.KvHeads);
        Integer("attention.key_length", model.HeadDim);
        Integer("attention.value_length", model.HeadDim);
        Integer("context_length", TinyModel.Context);
        double part = double.Parse((model.Config["partial_rotary_factor"] ?? model.Config["rotary_pct"] ?? 1.0).ToJsonString());
        Integer("rope.dimension_count", (int)(model.HeadDim * part));
        if (model.Config["sliding_window"] is { } window)
            Integer("attention.sliding_window", window.GetValue<int>());
        Copy("rope.freq_base", "rope_theta");
        Copy("attn_logit_softcapping", "attn_logit_softcapping");
        Copy("final_logit_softcapping", "final_logit_softcapping");
        writer.Add($"{architecture}.attention.layer_norm_epsilon", 1e-5f);
        if (architecture != "gptneox")
        {
            double epsilon = double.Parse((model.Config["rms_norm_eps"] ?? (architecture == "phi3" ? 1e-5 : 1e-6)).ToJsonString());
            writer.Add($"{architecture}.attention.layer_norm_rms_epsilon", (float)epsilon);
        }
        if (model.Config["rope_scaling"] is { } scaling)
            writer.Add($"{architecture}.rope.scaling.type", "linear").Add($"{architecture}.rope.scaling.factor", (float)scaling["factor"]!.GetValue<double>());
        return writer;
    }

    private static string NameOf(string name, bool gemma)
    {
        int dot = name.LastIndexOf('.');
        string piece = name[..dot], suffix = name[dot..];
        if (!piece.Contains("layers.", StringComparison.Ordinal))
            return Pieces[piece] + suffix;
        string[] parts = piece[(piece.IndexOf("layers.", StringComparison.Ordinal) + 7)..].Split('.', 2);
        return $"blk.{parts[0]}.{(gemma && parts[1] == "post_attention_layernorm" ? "post_attention_norm" : Pieces[parts[1]])}{suffix}";
    }

    private static TinyModel.Tensor Reordered(TinyModel model, string name, TinyModel.Tensor tensor)
    {
        int dim = model.HeadDim;
        if (model.Family is "llama" or "mistral" && (name.Contains("q_proj", StringComparison.Ordinal) || name.Contains("k_proj", StringComparison.Ordinal)))
            return tensor.Rows(row => row / dim * dim + row % 2 * (dim / 2) + row % dim / 2);
        if (name.Contains("query_key_value", StringComparison.Ordinal))
            return tensor.Rows(row => (row % TinyModel.Width / dim * 3 + row / TinyModel.Width) * dim + row % dim);
        return tensor;
    }
}
