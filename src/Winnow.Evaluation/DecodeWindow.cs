namespace Winnow.Evaluation;

/// <summary>A stretch of a long decoding.</summary>
/// <param name="Tokens">Tokens that each sequence had generated when it ended.</param>
/// <param name="TokensPerSecond">Its speed, of all sequences together.</param>
/// <param name="KvBytes">Bytes of keys and values of all sequences when it ended.</param>
public sealed record DecodeWindow(int Tokens, double TokensPerSecond, long KvBytes);
