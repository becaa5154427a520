using Winnow.Models.Architectures;

namespace Winnow.Models;

/// <summary>The catalogue of decoder families: one line each.</summary>
public static class ModelFamilies
{
    private static readonly ModelFamily[] All =
    [
        new Llama(),
        new Qwen2(),
        new Qwen3(),
        new Gemma2(),
        new Gemma3(),
        new Phi3(),
        new Opt(),
        new GptNeoX(),
    ];

    /// <summary>Names of all architectures that can be loaded, as GGUF (<c>general.architecture</c>) or config.json (<c>model_type</c>) write them.</summary>
    public static IReadOnlyList<string> Names { get; } =
        [.. All.SelectMany(family => family.Architectures).Distinct().Order(StringComparer.Ordinal)];

    /// <summary>The family of an architecture.</summary>
    /// <exception cref="WinnowException">The architecture is unknown.</exception>
    internal static ModelFamily Find(string architecture, string path) =>
        Array.Find(All, family => family.Architectures.Contains(architecture))
        ?? throw new WinnowException($"{path}: architecture '{architecture}' is not supported; known are {string.Join(", ", Names)}");
}
