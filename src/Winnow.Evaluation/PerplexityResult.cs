namespace Winnow.Evaluation;

/// <summary>Perplexity of a text under a model and a cache policy.</summary>
/// <param name="Perplexity">e to the mean negative log-likelihood.</param>
/// <param name="MeanNegativeLogLikelihood">Mean −ln p of the scored tokens, in nats.</param>
/// <param name="StandardError">Standard error of <paramref name="Perplexity"/>, as if the tokens were independent.</param>
/// <param name="Tokens">Scored tokens.</param>
/// <param name="Windows">Scored windows.</param>
/// <param name="Context">Tokens of a window.</param>
/// <param name="KvBytes">Bytes of keys and values at the end of the last window, whole pages counted.</param>
/// <param name="KvBytesFull">The same for a full cache.</param>
/// <param name="KeptEntries">Entries of a lane after the first half of the last window, when the policy had compressed it; a mean over lanes.</param>
/// <param name="Seconds">Time taken.</param>
public sealed record PerplexityResult(
    double Perplexity,
    double MeanNegativeLogLikelihood,
    double StandardError,
    int Tokens,
    int Windows,
    int Context,
    long KvBytes,
    long KvBytesFull,
    double KeptEntries,
    double Seconds);
