namespace Winnow.Cli.Options;

/// <summary>Several policies in one text. A comma separates policies and also the options of one: a part with '=' and without ':' belongs to the policy before it.</summary>
internal static class PolicyList
{
    /// <summary>Splits «h2o:hh=64,recent=64,sage-kv» into «h2o:hh=64,recent=64» and «sage-kv».</summary>
    public static IEnumerable<string> Split(string text)
    {
        string? current = null;
        foreach (string part in text.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            if (current is not null && part.Contains('=', StringComparison.Ordinal) && !part.Contains(':', StringComparison.Ordinal))
            {
                current += "," + part;
                continue;
            }

            if (current is not null)
                yield return current;
            current = part;
        }

        if (current is not null)
            yield return current;
    }
}
