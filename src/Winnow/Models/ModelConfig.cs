namespace Winnow.Models;

/// <summary>Sizes and constants of a model, read from GGUF metadata or from <c>config.json</c> and checked before any weight is touched.</summary>
public sealed record ModelConfig
{
    /// <summary>Architecture as the checkpoint names it, such as <c>llama</c> or <c>gpt_neox</c>.</summary>
    public required string Architecture { get; init; }

    /// <summary>Transformer layers.</summary>
    public required int Layers { get; init; }

    /// <summary>Channels of the residual stream (hidden size).</summary>
    public required int Width { get; init; }

    /// <summary>Channels inside the feed-forward block (intermediate size).</summary>
    public required int FeedForwardWidth { get; init; }

    /// <summary>Query heads, a multiple of <see cref="KvHeads"/>.</summary>
    public required int QueryHeads { get; init; }

    /// <summary>Key/value heads: equal to the query heads (MHA), fewer (GQA) or one (MQA).</summary>
    public required int KvHeads { get; init; }

    /// <summary>Channels of one head; not always <see cref="Width"/> / <see cref="QueryHeads"/>.</summary>
    public required int HeadDim { get; init; }

    /// <summary>Rows of the embedding, padding rows included.</summary>
    public required int VocabularySize { get; init; }

    /// <summary>Tokens that texts have at most: what the model was made for, or the smaller number asked for when loading.</summary>
    public required int ContextLength { get; init; }

    /// <summary>Tokens that the model was made for.</summary>
    public required int TrainedContextLength { get; init; }

    /// <summary>Small constant under the root of the normalisation.</summary>
    public required float NormEpsilon { get; init; }

    /// <summary>Rotary embedding of the layers; null when positions are learned (OPT).</summary>
    public RotaryConfig? Rotary { get; init; }

    /// <summary>Rotary embedding of the sliding-window layers where it differs (Gemma 3); null when all layers share <see cref="Rotary"/>.</summary>
    public RotaryConfig? LocalRotary { get; init; }

    /// <summary>Tokens that a query of a sliding-window layer sees, itself included; zero when no layer has a window.</summary>
    public int SlidingWindow { get; init; }

    /// <summary>For each layer whether <see cref="SlidingWindow"/> applies; empty for all of them.</summary>
    public IReadOnlyList<bool> SlidingLayers { get; init; } = [];

    /// <summary>Factor on q·k before the softmax.</summary>
    public required float AttentionScale { get; init; }

    /// <summary>Soft cap c of the attention logits, c·tanh(s/c); zero for none.</summary>
    public float AttentionSoftCap { get; init; }

    /// <summary>Soft cap of the final logits; zero for none.</summary>
    public float FinalSoftCap { get; init; }

    /// <summary>Factor on the embedding: 1, or √<see cref="Width"/> (Gemma).</summary>
    public float EmbeddingScale { get; init; } = 1;

    /// <summary>Whether the LM head is the embedding matrix.</summary>
    public bool TiedEmbeddings { get; init; }

    /// <summary>Whether attention and feed-forward read the same residual and are added together (GPT-NeoX).</summary>
    public bool ParallelResidual { get; init; }

    /// <summary>Non-linearity of the feed-forward block.</summary>
    public FeedForwardActivation Activation { get; init; }

    /// <summary>Whether a layer sees <see cref="SlidingWindow"/> tokens only.</summary>
    public bool IsSliding(int layer) => SlidingWindow > 0 && (SlidingLayers.Count == 0 || SlidingLayers[layer]);

    /// <summary>Tokens that a query of this layer sees, itself included; zero for all.</summary>
    public int WindowOf(int layer) => IsSliding(layer) ? SlidingWindow : 0;

    /// <summary>Rotary embedding of a layer, or null.</summary>
    public RotaryConfig? RotaryOf(int layer) => IsSliding(layer) && LocalRotary is not null ? LocalRotary : Rotary;
}
