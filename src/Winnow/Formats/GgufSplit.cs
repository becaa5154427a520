using System.Text.RegularExpressions;

namespace Winnow.Formats;

/// <summary>Names of the parts of a GGUF model that was split into several files: <c>name-00001-of-00003.gguf</c>.</summary>
internal static partial class GgufSplit
{
    /// <summary>Whether a file is a whole model or the first part of one.</summary>
    public static bool IsFirstOrOnly(string path) => PartPattern().Match(path) is not { Success: true } match || match.Groups["part"].Value == "00001";

    /// <summary>The name without the part number: equal for all parts of one model.</summary>
    public static string WholeName(string path) => PartPattern().Replace(path, ".gguf");

    /// <summary>Paths of all parts, in order, of the model whose first part is named; <see langword="null"/> for a name that is not a first part.</summary>
    public static string[]? Parts(string path)
    {
        Match match = PartPattern().Match(path);
        if (!match.Success || match.Groups["part"].Value != "00001")
            return null;
        string count = match.Groups["count"].Value;
        string stem = path[..match.Index];
        return [.. Enumerable.Range(1, int.Parse(count)).Select(i => $"{stem}-{i:D5}-of-{count}{path[^5..]}")];
    }

    [GeneratedRegex(@"-(?<part>[0-9]{5})-of-(?<count>[0-9]{5})\.gguf$", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex PartPattern();
}
