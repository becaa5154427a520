using System.Text.RegularExpressions;

namespace Winnow.Formats.Hub;

/// <summary>Picks one GGUF model among files that hold the same weights in several quantisations.</summary>
internal static class GgufChoice
{
    private static readonly string[] Preferred = ["Q4_K_M", "Q8_0", "Q4_0", "F16"];

    /// <summary>Models among the paths: first or only parts, without the projectors that vision models bring along.</summary>
    public static string[] Models(IEnumerable<string> paths) =>
        [.. paths.Where(path => path.EndsWith(".gguf", StringComparison.OrdinalIgnoreCase)
            && GgufSplit.IsFirstOrOnly(path) && !path.Contains("mmproj", StringComparison.OrdinalIgnoreCase)).Order(StringComparer.Ordinal)];

    /// <summary>The model that the selector means: an exact path or file name, with or without ".gguf", else a quantisation in the name.</summary>
    public static string? Pick(string[] models, string? selector)
    {
        if (selector is null)
            return models.Length == 1 ? models[0] : Preferred.Select(quantisation =>
                ByQuantisation(models, quantisation)).FirstOrDefault(found => found is not null);
        return models.FirstOrDefault(path => IsNamed(path, selector)) ?? ByQuantisation(models, selector);
    }

    /// <summary>Whether a path is meant by a file name, with or without folder and ".gguf", whatever the case.</summary>
    public static bool IsNamed(string path, string name)
    {
        string file = path[(path.LastIndexOf('/') + 1)..];
        return new[] { path, file, Stem(path), Stem(file) }.Contains(name, StringComparer.OrdinalIgnoreCase);
    }

    private static string Stem(string path) => path.EndsWith(".gguf", StringComparison.OrdinalIgnoreCase) ? GgufSplit.WholeName(path)[..^5] : path;

    private static string? ByQuantisation(string[] models, string quantisation)
    {
        // An underscore continues a name: Q4_K is not Q4_K_M, and F16 is not BF16.
        Regex pattern = new($@"(^|[-./]){Regex.Escape(quantisation)}(?=[-./]|$)", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant);
        return models.FirstOrDefault(path => pattern.IsMatch(path));
    }
}
