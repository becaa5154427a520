using Winnow.Kernels.Elementwise;
using Winnow.Kernels.Linear;
using Winnow.Models.Blocks;

namespace Winnow.Models.Weights;

/// <summary>Takes the tensors of one layer out of a checkpoint and makes blocks of them; a family says which.</summary>
/// <param name="weights">The checkpoint.</param>
/// <param name="config">Sizes that every tensor is checked against.</param>
/// <param name="layer">Layer index; −1 for what stands outside the layers.</param>
/// <param name="rotary">Angles of this layer, or null.</param>
/// <param name="style">Which channels form a rotary pair.</param>
internal sealed class LayerBuilder(WeightSource weights, ModelConfig config, int layer, RotaryTable? rotary, RotaryStyle style)
{
    private int QueryRows => config.QueryHeads * config.HeadDim;

    private int KvRows => config.KvHeads * config.HeadDim;

    /// <summary>RMSNorm of the residual stream.</summary>
    /// <param name="name">Such as <c>attn_norm</c>.</param>
    /// <param name="offset">Added to the stored gain: Gemma publishes it minus one.</param>
    public Norm RmsNorm(string name, float offset = 0) => RmsNorm(name, config.Width, offset);

    /// <summary>RMSNorm of each head.</summary>
    public Norm HeadNorm(string name, float offset = 0) => RmsNorm(name, config.HeadDim, offset);

    /// <summary>LayerNorm with gain and shift.</summary>
    public Norm LayerNorm(string name) =>
        new(weights.Vector(Name(name, "weight"), config.Width), weights.Vector(Name(name, "bias"), config.Width), config.NormEpsilon);

    /// <summary>Attention whose q, k and v are three tensors; biases and QK-norms are taken where the family passes or the file has them.</summary>
    /// <param name="queryNorm">Normalisation of query heads, or null.</param>
    /// <param name="keyNorm">Normalisation of key heads, or null.</param>
    public AttentionBlock Attention(Norm? queryNorm = null, Norm? keyNorm = null) =>
        Attention(
            Linear("attn_q", QueryRows, config.Width),
            Linear("attn_k", KvRows, config.Width),
            Linear("attn_v", KvRows, config.Width),
            queryNorm,
            keyNorm);

    /// <summary>Attention whose rows of q, k and v follow one another in one tensor.</summary>
    public AttentionBlock FusedAttention()
    {
        Projection fused = Linear("attn_qkv", QueryRows + 2 * KvRows, config.Width);
        return Attention(
            Part(fused, 0, QueryRows), Part(fused, QueryRows, KvRows), Part(fused, QueryRows + KvRows, KvRows), queryNorm: null, keyNorm: null);
    }

    /// <summary>Attention whose tensor holds q, k and v of the first head, then of the second, and so on.</summary>
    public AttentionBlock HeadwiseFusedAttention() =>
        Attention(HeadwisePart(0), HeadwisePart(1), HeadwisePart(2), queryNorm: null, keyNorm: null);

    /// <summary>SwiGLU or GeGLU from three tensors.</summary>
    public FeedForward GatedFeedForward() => new GatedFeedForward(
        Linear("ffn_gate", config.FeedForwardWidth, config.Width),
        Linear("ffn_up", config.FeedForwardWidth, config.Width),
        Linear("ffn_down", config.Width, config.FeedForwardWidth),
        config.Activation);

    /// <summary>SwiGLU whose gate and up follow one another in one tensor.</summary>
    public FeedForward FusedGatedFeedForward()
    {
        Projection fused = Linear("ffn_up", 2 * config.FeedForwardWidth, config.Width);
        return new GatedFeedForward(
            Part(fused, 0, config.FeedForwardWidth),
            Part(fused, config.FeedForwardWidth, config.FeedForwardWidth),
            Linear("ffn_down", config.Width, config.FeedForwardWidth),
            config.Activation);
    }

    /// <summary>Two projections with a non-linearity between.</summary>
    public FeedForward PlainFeedForward() => new PlainFeedForward(
        Linear("ffn_up", config.FeedForwardWidth, config.Width),
        Linear("ffn_down", config.Width, config.FeedForwardWidth),
        config.Activation);

    private static Projection Part(Projection fused, int start, int rows) =>
        new(fused.Weight.Slice(start, rows), fused.Bias?.AsSpan(start, rows).ToArray());

    private string Name(string piece, string suffix) => layer < 0 ? $"{piece}.{suffix}" : $"blk.{layer}.{piece}.{suffix}";

    private Projection Linear(string name, int rows, int columns) =>
        new(weights.Factor(Name(name, "weight"), rows, columns), weights.VectorOrNull(Name(name, "bias"), rows));

    private Norm RmsNorm(string name, int length, float offset)
    {
        float[] gain = weights.Vector(Name(name, "weight"), length);
        if (offset != 0)
            gain = Array.ConvertAll(gain, value => value + offset);
        return new Norm(gain, bias: null, config.NormEpsilon);
    }

    private AttentionBlock Attention(Projection query, Projection key, Projection value, Norm? queryNorm, Norm? keyNorm) => new()
    {
        Shape = new AttentionShape
        {
            QueryHeads = config.QueryHeads,
            KvHeads = config.KvHeads,
            HeadDim = config.HeadDim,
            Scale = config.AttentionScale,
            LogitSoftCap = config.AttentionSoftCap,
            SlidingWindow = config.WindowOf(layer),
            Rotary = rotary,
            RotaryStyle = style,
        },
        Query = query,
        Key = key,
        Value = value,
        Output = Linear("attn_output", config.Width, QueryRows),
        QueryNorm = queryNorm,
        KeyNorm = keyNorm,
    };

    /// <summary>Every third run of head rows: 0 for queries, 1 for keys, 2 for values.</summary>
    private Projection HeadwisePart(int which)
    {
        int dim = config.HeadDim, rows = 3 * QueryRows;
        int[] firstRows = [.. Enumerable.Range(0, config.QueryHeads).Select(head => (3 * head + which) * dim)];
        WeightMatrix weight = weights.GatherRows(Name("attn_qkv", "weight"), rows, config.Width, firstRows, dim);
        float[]? bias = weights.VectorOrNull(Name("attn_qkv", "bias"), rows);
        return new Projection(weight, bias is null ? null : [.. firstRows.SelectMany(first => bias.AsSpan(first, dim).ToArray())]);
    }
}
