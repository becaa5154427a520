using TorchSharp;
using Winnow.Torch;
using static TorchSharp.torch;
using Functional = TorchSharp.torch.nn.functional;

namespace Winnow.Training.Nano;

/// <summary>
/// A Llama in TorchSharp: RMSNorm before each block, grouped heads with half-split rotary pairs, SwiGLU, tied embeddings. All in 32-bit floats, which are
/// faster than bf16 here: libtorch 2.10 multiplies f32 at twice the rate of bf16 on processors without matrix tiles.
/// </summary>
internal sealed class NanoModel : IDisposable
{
    private readonly Tensor _embedding;
    private readonly Tensor _outputNorm;
    private readonly Layer[] _layers;
    private readonly Tensor _cosines;
    private readonly Tensor _sines;

    /// <summary>Makes a model with random weights, from the library's seed.</summary>
    /// <param name="shape">Sizes.</param>
    public NanoModel(NanoShape shape)
    {
        Shape = shape;
        _embedding = Add("token_embd.weight", randn(shape.Vocabulary, shape.Width) * Math.Pow(shape.Width, -0.5));
        _layers = [.. Enumerable.Range(0, shape.Layers).Select(MakeLayer)];
        _outputNorm = Add("output_norm.weight", ones(shape.Width));
        using DisposeScope scope = NewDisposeScope();
        float[] angles = [.. Enumerable.Range(0, shape.HeadDim / 2).Select(pair => (float)shape.Angle(pair))];
        Tensor table = arange(shape.ContextLength, dtype: ScalarType.Float32).unsqueeze(1) * TensorData.FromFloats(angles, 1, angles.Length);
        (_cosines, _sines) = (table.cos().DetachFromDisposeScope(), table.sin().DetachFromDisposeScope());
    }

    /// <summary>Sizes.</summary>
    public NanoShape Shape { get; }

    /// <summary>Everything that is learnt, under GGUF's names.</summary>
    public List<Parameter> Parameters { get; } = [];

    /// <summary>Matrices of the layers, which Muon trains.</summary>
    public IEnumerable<Parameter> Matrices => Parameters.Where(IsMatrix);

    /// <summary>Embedding and norms, which Adam trains.</summary>
    public IEnumerable<Parameter> Others => Parameters.Where(parameter => !IsMatrix(parameter));

    /// <summary>A learnt tensor by its name.</summary>
    public Tensor this[string name] => Parameters.Find(parameter => parameter.Name == name)!.Value;

    /// <summary>Final hidden states, normalised.</summary>
    /// <param name="tokens">[rows, length], whole numbers.</param>
    /// <returns>[rows, length, width].</returns>
    public Tensor Hidden(Tensor tokens)
    {
        long length = tokens.shape[1];
        Tensor cosines = _cosines[TensorIndex.Slice(0, length)], sines = _sines[TensorIndex.Slice(0, length)];
        Tensor x = _embedding.index_select(0, tokens.reshape(-1)).view(tokens.shape[0], length, Shape.Width);
        foreach (Layer layer in _layers)
        {
            x = x + Attend(layer, Norm(x, layer.AttentionNorm), cosines, sines);
            Tensor y = Norm(x, layer.FeedForwardNorm);
            x = x + Functional.linear(Functional.silu(Functional.linear(y, layer.Gate)) * Functional.linear(y, layer.Up), layer.Down);
        }

        return Norm(x, _outputNorm);
    }

    /// <summary>Logits of hidden states.</summary>
    /// <param name="hidden">[…, width].</param>
    /// <returns>[…, vocabulary].</returns>
    public Tensor Logits(Tensor hidden) => Functional.linear(hidden, _embedding);

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (Parameter parameter in Parameters)
            parameter.Value.Dispose();
        _cosines.Dispose();
        _sines.Dispose();
    }

    private static bool IsMatrix(Parameter parameter) => parameter.Value.dim() == 2 && parameter.Name != "token_embd.weight";

    private Tensor Norm(Tensor x, Tensor gain) => x * (x.square().mean([-1], keepdim: true) + Shape.NormEpsilon).rsqrt() * gain;

    private Tensor Attend(Layer layer, Tensor x, Tensor cosines, Tensor sines)
    {
        (long rows, long length) = (x.shape[0], x.shape[1]);
        Tensor Heads(Tensor weight, int heads) => Functional.linear(x, weight).view(rows, length, heads, Shape.HeadDim).transpose(1, 2);

        Tensor value = Heads(layer.Value, Shape.KvHeads);
        Tensor query = Rotate(Heads(layer.Query, Shape.QueryHeads), cosines, sines);
        Tensor key = Rotate(Heads(layer.Key, Shape.KvHeads), cosines, sines);
        int shared = Shape.QueryHeads / Shape.KvHeads;
        if (shared > 1)
            (key, value) = (key.repeat_interleave(shared, 1), value.repeat_interleave(shared, 1));
        Tensor mixed = Functional.scaled_dot_product_attention(query, key, value, is_casual: true);
        return Functional.linear(mixed.transpose(1, 2).reshape(rows, length, Shape.QueryHeads * Shape.HeadDim), layer.Output);
    }

    private static Tensor Rotate(Tensor x, Tensor cosines, Tensor sines)
    {
        Tensor[] halves = x.chunk(2, -1);
        return cat([halves[0] * cosines - halves[1] * sines, halves[1] * cosines + halves[0] * sines], -1);
    }

    private Layer MakeLayer(int index)
    {
        string at = $"blk.{index}.";
        int query = Shape.QueryHeads * Shape.HeadDim, kv = Shape.KvHeads * Shape.HeadDim;
        double depth = 1 / Math.Sqrt(2 * Shape.Layers);
        Tensor Matrix(string name, int rows, int columns, double gain) => Add($"{at}{name}.weight", randn(rows, columns) * (gain / Math.Sqrt(columns)));
        return new Layer(
            Add($"{at}attn_norm.weight", ones(Shape.Width)),
            Matrix("attn_q", query, Shape.Width, 0.6),
            Matrix("attn_k", kv, Shape.Width, 0.6),
            Matrix("attn_v", kv, Shape.Width, 0.6),
            Matrix("attn_output", Shape.Width, query, depth),
            Add($"{at}ffn_norm.weight", ones(Shape.Width)),
            Matrix("ffn_gate", Shape.FeedForward, Shape.Width, 0.6),
            Matrix("ffn_up", Shape.FeedForward, Shape.Width, 0.6),
            Matrix("ffn_down", Shape.Width, Shape.FeedForward, depth));
    }

    private Tensor Add(string name, Tensor value)
    {
        value = value.detach().requires_grad_().DetachFromDisposeScope();
        Parameters.Add(new Parameter(name, value));
        return value;
    }

    private sealed record Layer(
        Tensor AttentionNorm, Tensor Query, Tensor Key, Tensor Value, Tensor Output, Tensor FeedForwardNorm, Tensor Gate, Tensor Up, Tensor Down);
}
