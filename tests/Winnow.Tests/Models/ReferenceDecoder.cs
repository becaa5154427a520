namespace Winnow.Tests.Models;

/// <summary>
/// All families as their publications define them, in double-precision loops over the published tensors. Shares nothing with the engine.
/// </summary>
internal sealed class ReferenceDecoder(TinyModel model)
{
    private const int Width = TinyModel.Width, Heads = TinyModel.QueryHeads;

    private bool IsGemma => model.Family.StartsWith("gemma", StringComparison.Ordinal);

    private double NormOffset => IsGemma ? 1 : 0;

    public double[][] Logits(int[] ids) => model.Family switch
    {
        "opt" => Opt(ids),
        "gpt_neox" => NeoX(ids),
        _ => LlamaLike(ids),
    };

    private double[][] LlamaLike(int[] ids)
    {
        double[][] x = [.. ids.Select(id => Row("model.embed_tokens", id).Select(v => v * (IsGemma ? Math.Sqrt(Width) : 1)).ToArray())];
        for (int layer = 0; layer < model.Layers; layer++)
        {
            string at = $"model.layers.{layer}.";
            double[][] h = Each(x, v => Rms(v, at + "input_layernorm"));
            double[][] branch = Each(Attention(h, at + "self_attn.", layer), v => Linear(v, at + "self_attn.o_proj"));
            if (IsGemma)
                branch = Each(branch, v => Rms(v, at + "post_attention_layernorm"));
            x = Sum(x, branch);
            h = Each(x, v => Rms(v, at + (IsGemma ? "pre_feedforward_layernorm" : "post_attention_layernorm")));
            branch = Each(h, v => GatedMlp(v, at + "mlp."));
            if (IsGemma)
                branch = Each(branch, v => Rms(v, at + "post_feedforward_layernorm"));
            x = Sum(x, branch);
        }
        string head = model.Tensors.ContainsKey("lm_head.weight") ? "lm_head" : "model.embed_tokens";
        double cap = Number("final_logit_softcapping", 0);
        return Each(x, v => Linear(Rms(v, "model.norm"), head).Select(l => cap > 0 ? cap * Math.Tanh(l / cap) : l).ToArray());
    }

    private double[][] Opt(int[] ids)
    {
        const string Root = "model.decoder.";
        double[][] x = [.. ids.Select((id, p) => Add(Row(Root + "embed_tokens", id), Row(Root + "embed_positions", p + 2)))];
        for (int layer = 0; layer < model.Layers; layer++)
        {
            string at = $"{Root}layers.{layer}.";
            double[][] h = Each(x, v => LayerNorm(v, at + "self_attn_layer_norm"));
            x = Sum(x, Each(Attention(h, at + "self_attn.", layer), v => Linear(v, at + "self_attn.out_proj")));
            x = Sum(x, Each(x, v => Linear(
                Linear(LayerNorm(v, at + "final_layer_norm"), at + "fc1").Select(a => Math.Max(a, 0)).ToArray(), at + "fc2")));
        }
        return Each(x, v => Linear(LayerNorm(v, Root + "final_layer_norm"), Root + "embed_tokens"));
    }

    private double[][] NeoX(int[] ids)
    {
        bool parallel = model.Config["use_parallel_residual"]?.GetValue<bool>() ?? true;
        Func<double, double> gelu = model.Config["hidden_act"]!.GetValue<string>() == "gelu" ? GeluErf : GeluTanh;
        double[][] x = [.. ids.Select(id => Row("gpt_neox.embed_in", id))];
        for (int layer = 0; layer < model.Layers; layer++)
        {
            string at = $"gpt_neox.layers.{layer}.";
            double[][] attended = Attention(Each(x, v => LayerNorm(v, at + "input_layernorm")), at + "attention.", layer);
            double[][] first = Sum(x, Each(attended, v => Linear(v, at + "attention.dense")));
            double[][] mlp = Each(parallel ? x : first, v => Linear(
                Linear(LayerNorm(v, at + "post_attention_layernorm"), at + "mlp.dense_h_to_4h").Select(gelu).ToArray(), at + "mlp.dense_4h_to_h"));
            x = Sum(first, mlp);
        }
        return Each(x, v => Linear(LayerNorm(v, "gpt_neox.final_layer_norm"), "embed_out"));
    }

    private double[][] Attention(double[][] h, string at, int layer)
    {
        int dim = model.HeadDim;
        double[][][] q = new double[h.Length][][], k = new double[h.Length][][], v = new double[h.Length][][];
        for (int t = 0; t < h.Length; t++)
        {
            (q[t], k[t], v[t]) = Heads3(h[t], at);
            if (model.Tensors.ContainsKey(at + "q_norm.weight"))
                (q[t], k[t]) = (Each(q[t], head => Rms(head, at + "q_norm")), Each(k[t], head => Rms(head, at + "k_norm")));
            int position = t;
            (q[t], k[t]) = (Each(q[t], head => Rotate(head, position, layer)), Each(k[t], head => Rotate(head, position, layer)));
        }
        double scale = 1 / Math.Sqrt(Number("query_pre_attn_scalar", dim)), cap = Number("attn_logit_softcapping", 0);
        int window = IsLocal(layer) ? (int)Number("sliding_window", 0) : int.MaxValue;
        return [.. Enumerable.Range(0, h.Length).Select(t => Enumerable.Range(0, Heads).SelectMany(head =>
        {
            int shared = head / (Heads / model.KvHeads);
            int[] seen = [.. Enumerable.Range(0, t + 1).Where(s => t - s < window)];
            double[] scores = [.. seen.Select(s => scale * Dot(q[t][head], k[s][shared])).Select(s => cap > 0 ? cap * Math.Tanh(s / cap) : s)];
            double sum = scores.Sum(Math.Exp);
            return Enumerable.Range(0, dim).Select(c => seen.Select((s, i) => Math.Exp(scores[i]) / sum * v[s][shared][c]).Sum());
        }).ToArray())];
    }

    private (double[][] Q, double[][] K, double[][] V) Heads3(double[] h, string at)
    {
        if (model.Family == "gpt_neox")
        {
            double[][] triples = [.. Linear(h, at + "query_key_value").Chunk(3 * model.HeadDim)];
            double[][] Part(int which) => Each(triples, triple => triple.Skip(which * model.HeadDim).Take(model.HeadDim).ToArray());
            return (Part(0), Part(1), Part(2));
        }
        double[][] all = model.Family == "phi3"
            ? [.. Linear(h, at + "qkv_proj").Chunk(model.HeadDim)]
            : [.. Linear(h, at + "q_proj").Concat(Linear(h, at + "k_proj")).Concat(Linear(h, at + "v_proj")).Chunk(model.HeadDim)];
        return (all[..Heads], all[Heads..^model.KvHeads], all[^model.KvHeads..]);
    }

    private bool IsLocal(int layer) => model.Family switch
    {
        "gemma2" => layer % 2 == 0,
        "gemma3_text" => layer % 6 != 5,
        _ => model.Config.ContainsKey("sliding_window"),
    };

    private double[] Rotate(double[] head, int position, int layer)
    {
        if (model.Family == "opt")
            return head;
        int dim = (int)(model.HeadDim * Number("partial_rotary_factor", Number("rotary_pct", 1)));
        bool local = model.Family == "gemma3_text" && IsLocal(layer);
        double theta = local ? Number("rope_local_base_freq", 0) : Number("rope_theta", 10_000);
        double slower = !local && model.Config["rope_scaling"] is { } scaling ? scaling["factor"]!.GetValue<double>() : 1;
        double[] turned = [.. head];
        for (int i = 0; i < dim / 2; i++)
        {
            double angle = position / slower / Math.Pow(theta, 2.0 * i / dim);
            turned[i] = head[i] * Math.Cos(angle) - head[i + dim / 2] * Math.Sin(angle);
            turned[i + dim / 2] = head[i + dim / 2] * Math.Cos(angle) + head[i] * Math.Sin(angle);
        }
        return turned;
    }

    private double[] GatedMlp(double[] x, string at)
    {
        double[] both = model.Family == "phi3" ? Linear(x, at + "gate_up_proj") : [.. Linear(x, at + "gate_proj"), .. Linear(x, at + "up_proj")];
        int half = both.Length / 2;
        double[] inner = [.. both[..half].Zip(both[half..], (gate, up) => up * (IsGemma ? GeluTanh(gate) : gate / (1 + Math.Exp(-gate))))];
        return Linear(inner, at + "down_proj");
    }

    private double[] Rms(double[] x, string name)
    {
        double root = Math.Sqrt(x.Average(v => v * v) + Number("rms_norm_eps", model.Family == "phi3" ? 1e-5 : 1e-6));
        float[] gain = model.Tensors[name + ".weight"].Values;
        return [.. x.Select((v, i) => v / root * (gain[i] + NormOffset))];
    }

    private double[] LayerNorm(double[] x, string name)
    {
        double mean = x.Average(), root = Math.Sqrt(x.Average(v => (v - mean) * (v - mean)) + 1e-5);
        float[] gain = model.Tensors[name + ".weight"].Values, shift = model.Tensors[name + ".bias"].Values;
        return [.. x.Select((v, i) => (v - mean) / root * gain[i] + shift[i])];
    }

    private double[] Linear(double[] x, string name)
    {
        TinyModel.Tensor weight = model.Tensors[name + ".weight"];
        float[]? bias = model.Tensors.GetValueOrDefault(name + ".bias")?.Values;
        double[] y = new double[weight.Shape[0]];
        for (int row = 0; row < y.Length; row++)
        {
            y[row] = bias?[row] ?? 0;
            for (int c = 0; c < x.Length; c++)
                y[row] += weight.Values[row * x.Length + c] * x[c];
        }
        return y;
    }

    private double[] Row(string name, int row) =>
        [.. model.Tensors[name + ".weight"].Values.Skip(row * Width).Take(Width).Select(v => (double)v)];

    private double Number(string setting, double fallback) =>
        model.Config[setting] is { } value && value.GetValueKind() == System.Text.Json.JsonValueKind.Number
            ? double.Parse(value.ToJsonString())
            : fallback;

    private static double GeluTanh(double x) => 0.5 * x * (1 + Math.Tanh(Math.Sqrt(2 / Math.PI) * (x + 0.044715 * x * x * x)));

    /// <summary>The error function by its Taylor series, whose alternating terms lose no digit that matters at these sizes.</summary>
    private static double GeluErf(double x)
    {
        double z = Math.Clamp(x / Math.Sqrt(2), -4.5, 4.5), term = z, sum = z;
        for (int n = 1; n < 120; n++)
        {
            term *= -z * z / n;
            sum += term / (2 * n + 1);
        }
        return 0.5 * x * (1 + 2 / Math.Sqrt(Math.PI) * sum);
    }

    private static double Dot(double[] a, double[] b) => a.Zip(b, (x, y) => x * y).Sum();

    private static double[] Add(double[] a, double[] b) => [.. a.Zip(b, (x, y) => x + y)];

    private static double[][] Sum(double[][] a, double[][] b) => [.. a.Zip(b, Add)];

    private static double[][] Each(double[][] rows, Func<double[], double[]> map) => Array.ConvertAll(rows, row => map(row));
}
