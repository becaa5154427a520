namespace Winnow.Evaluation;

/// <summary>A stretch of a long decoding.</summary>
/// <param name="Tokens">Tokens generated when it ended.</param>
/// <param name="TokensPerSecond">Its speed.</param>
/// <param name="KvBytes">Bytes of keys and values when it ended.</param>
public sealed record DecodeWindow(int Tokens, double TokensPerSecond, long KvBytes);
