using System.Text.Json;
using Winnow.Caching;

namespace Winnow.Cli.Output;

/// <summary>Names of cache features as tables and JSON write them.</summary>
internal static class CacheNames
{
    /// <summary>The features in kebab case.</summary>
    public static IReadOnlyList<string> Of(CacheFeatures features) =>
        [.. Enum.GetValues<CacheFeatures>()
            .Where(feature => feature != CacheFeatures.None && features.HasFlag(feature))
            .Select(feature => JsonNamingPolicy.KebabCaseLower.ConvertName(feature.ToString()))];
}
