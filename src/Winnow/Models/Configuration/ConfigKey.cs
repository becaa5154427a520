namespace Winnow.Models.Configuration;

/// <summary>One setting under its two names.</summary>
/// <param name="Gguf">Metadata key without the architecture's prefix; empty where GGUF has none.</param>
/// <param name="HuggingFace">Name in <c>config.json</c>; empty where it has none.</param>
internal readonly record struct ConfigKey(string Gguf, string HuggingFace);
