using Winnow.Kernels.Elementwise;

namespace Winnow.Models;

/// <summary>What one layer's attention looks like; everything a cached-attention call needs to know besides the numbers.</summary>
public sealed record AttentionShape
{
    /// <summary>Query heads, a multiple of <see cref="KvHeads"/>.</summary>
    public required int QueryHeads { get; init; }

    /// <summary>Key/value heads: equal to the query heads (MHA), fewer (GQA) or one (MQA).</summary>
    public required int KvHeads { get; init; }

    /// <summary>Channels of one head.</summary>
    public required int HeadDim { get; init; }

    /// <summary>Factor on q·k before the softmax, usually 1/√<see cref="HeadDim"/>.</summary>
    public required float Scale { get; init; }

    /// <summary>Soft cap c on the attention logits, applied as c·tanh(s/c); zero for none (Gemma 2).</summary>
    public float LogitSoftCap { get; init; }

    /// <summary>Tokens that a query sees, itself included; zero for all (sliding-window layers of Mistral, Gemma 2 and 3).</summary>
    public int SlidingWindow { get; init; }

    /// <summary>Angles of the rotary embedding; null when positions are learned or absent (OPT).</summary>
    public RotaryTable? Rotary { get; init; }

    /// <summary>Which channels form a rotary pair.</summary>
    public RotaryStyle RotaryStyle { get; init; }

    /// <summary>Query heads that share one key/value head.</summary>
    public int GroupSize => QueryHeads / KvHeads;
}
