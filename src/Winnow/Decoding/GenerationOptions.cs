namespace Winnow.Decoding;

/// <summary>When an answer ends and what is reported of it.</summary>
public sealed record GenerationOptions
{
    /// <summary>How tokens are drawn.</summary>
    public SamplingOptions Sampling { get; init; } = new();

    /// <summary>Most tokens to generate.</summary>
    public int MaxTokens { get; init; } = 256;

    /// <summary>Whether a token that ends a text or a turn ends the answer.</summary>
    public bool StopAtEnd { get; init; } = true;

    /// <summary>Log-probabilities to report for each token: the top so many; negative for none.</summary>
    public int LogProbabilities { get; init; } = -1;
}
