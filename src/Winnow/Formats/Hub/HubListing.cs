using System.Text.Json;

namespace Winnow.Formats.Hub;

/// <summary>Reads the hub's list of a repository's files.</summary>
internal static class HubListing
{
    /// <summary>Files of one page of the list; folders are left out.</summary>
    /// <exception cref="WinnowException">The answer is not such a list.</exception>
    public static IReadOnlyList<HubFile> Parse(ReadOnlyMemory<byte> json, string address)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(json);
            return [.. document.RootElement.EnumerateArray().Where(IsFile).Select(ReadFile)];
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException or KeyNotFoundException or FormatException)
        {
            throw new WinnowException($"{address} did not answer with a list of files ({InputFile.OneLine(error.Message)}); check HF_ENDPOINT", error);
        }
    }

    /// <summary>The address of the next page in a <c>Link</c> header, or <see langword="null"/>.</summary>
    public static string? NextPage(IEnumerable<string> linkHeaders)
    {
        foreach (string link in linkHeaders.SelectMany(header => header.Split(',')))
        {
            int end = link.IndexOf('>', StringComparison.Ordinal);
            int start = link.IndexOf('<', StringComparison.Ordinal);
            if (start >= 0 && end > start && link[end..].Contains("rel=\"next\"", StringComparison.Ordinal))
                return link[(start + 1)..end];
        }
        return null;
    }

    private static bool IsFile(JsonElement entry) => !entry.TryGetProperty("type", out JsonElement type) || type.GetString() == "file";

    private static HubFile ReadFile(JsonElement entry)
    {
        string path = entry.GetProperty("path").GetString() ?? throw new FormatException("a path is null");
        long size = entry.GetProperty("size").GetInt64();
        if (size < 0)
            throw new FormatException($"the size of a file is {size}");
        string? digest = null;
        if (entry.TryGetProperty("lfs", out JsonElement lfs) && lfs.ValueKind == JsonValueKind.Object)
            digest = lfs.TryGetProperty("oid", out JsonElement oid) ? oid.GetString() : null;
        if (digest is not null && (digest.Length != 64 || !digest.All(char.IsAsciiHexDigit)))
            throw new FormatException("a checksum is not 64 hexadecimal digits");
        return new HubFile(path, size, digest?.ToLowerInvariant());
    }
}
