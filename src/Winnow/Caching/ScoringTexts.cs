namespace Winnow.Caching;

/// <summary>Texts that a policy reads to find out what a cache is good for.</summary>
internal static class ScoringTexts
{
    private const long Most = 16 << 20;

    /// <summary>Reads texts that are separated by empty lines.</summary>
    /// <exception cref="WinnowException">The file cannot be read, is too long or holds no text.</exception>
    public static IReadOnlyList<string> Read(string path)
    {
        string text;
        try
        {
            if (new FileInfo(path).Length > Most)
                throw new WinnowException($"{path}: scoring texts of more than {Most >> 20} MiB are not what this option is for; give a few questions");
            text = File.ReadAllText(path);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw new WinnowException($"{path}: the scoring texts cannot be read: {error.Message}", error);
        }

        string[] texts = text.ReplaceLineEndings("\n").Split("\n\n", StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        return texts.Length > 0 ? texts : throw new WinnowException($"{path}: the file holds no text; write one or more texts separated by empty lines");
    }
}
