namespace Winnow.Kernels.Attention;

/// <summary>One layer's attention of a run of query tokens over the lanes of a sequence, or of several sequences side by side.</summary>
public readonly ref struct AttentionRequest
{
    /// <summary>[sequences, kvHeads]: one lane for each KV head, the new entries already appended.</summary>
    public required ReadOnlySpan<LaneView> Lanes { get; init; }

    /// <summary>[sequences, tokens, queryHeads, headDim]; rotated, unless the lanes carry ranks.</summary>
    public required ReadOnlySpan<float> Queries { get; init; }

    /// <summary>Query tokens of each sequence.</summary>
    public required int Tokens { get; init; }

    /// <summary>Query heads, a multiple of the KV heads; consecutive ones share a lane.</summary>
    public required int QueryHeads { get; init; }

    /// <summary>[sequences]: true position of the first query of each sequence; its others follow without gaps.</summary>
    public required ReadOnlySpan<int> FirstPositions { get; init; }

    /// <summary>Factor on q·k.</summary>
    public required float Scale { get; init; }

    /// <summary>Soft cap on the logits; zero for none.</summary>
    public float SoftCap { get; init; }

    /// <summary>Tokens a query sees, itself included; zero for all.</summary>
    public int Window { get; init; }

    /// <summary>
    /// Whether <see cref="PagedAttention.AddColumnSums"/> follows. Logits of few queries are kept for it then, so that it need not read the keys again.
    /// </summary>
    public bool Observed { get; init; }

    /// <summary>Turns unrotated queries and keys by rank while they are read; needed when the lanes carry ranks.</summary>
    public RankRotation? Rotation { get; init; }

    /// <summary>Sequences side by side.</summary>
    public int Sequences => FirstPositions.Length;

    /// <summary>Lanes of a sequence.</summary>
    public int KvHeads => Lanes.Length / Math.Max(1, Sequences);

    /// <summary>Query heads for each lane.</summary>
    public int GroupSize => QueryHeads / KvHeads;
}
