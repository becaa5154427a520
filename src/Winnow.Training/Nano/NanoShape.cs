namespace Winnow.Training.Nano;

/// <summary>Sizes of a nano model, a Llama (arXiv:2302.13971) with tied embeddings.</summary>
public sealed record NanoShape
{
    /// <summary>Width of the residual stream.</summary>
    public int Width { get; init; } = 192;

    /// <summary>Layers.</summary>
    public int Layers { get; init; } = 4;

    /// <summary>Query heads.</summary>
    public int QueryHeads { get; init; } = 4;

    /// <summary>Key/value heads, each shared by as many query heads.</summary>
    public int KvHeads { get; init; } = 2;

    /// <summary>Channels of a head, even.</summary>
    public int HeadDim { get; init; } = 64;

    /// <summary>Inner width of the feed-forward blocks.</summary>
    public int FeedForward { get; init; } = 384;

    /// <summary>Tokens of the vocabulary.</summary>
    public required int Vocabulary { get; init; }

    /// <summary>Base of the rotary embedding's angles.</summary>
    public double RopeTheta { get; init; } = 1e6;

    /// <summary>Added to the mean square in RMSNorm.</summary>
    public double NormEpsilon { get; init; } = 1e-5;

    /// <summary>Longest row of training, in tokens.</summary>
    public int TrainedLength { get; init; } = 2048;

    /// <summary>Tokens that the exported file says the model reads.</summary>
    public int ContextLength { get; init; } = 4096;

    /// <summary>Angle of rotary pair f for one position.</summary>
    internal double Angle(int pair) => Math.Pow(RopeTheta, -2.0 * pair / HeadDim);
}
