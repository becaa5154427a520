namespace Winnow.Decoding;

/// <summary>A token and its natural-log probability before temperature.</summary>
/// <param name="Token">Token id.</param>
/// <param name="LogProbability">ln p.</param>
public readonly record struct TokenLogProbability(int Token, float LogProbability);

/// <summary>One generated token.</summary>
/// <param name="Token">Token id.</param>
/// <param name="Text">Text that became complete with it; empty in the middle of a character.</param>
/// <param name="LogProbability">ln p of the token; NaN unless asked for.</param>
/// <param name="Top">The likeliest tokens at this place; empty unless asked for.</param>
public sealed record GeneratedToken(int Token, string Text, float LogProbability, IReadOnlyList<TokenLogProbability> Top);
