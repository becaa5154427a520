using System.Text;
using Winnow.Formats;

namespace Winnow.Caching;

/// <summary>Texts that a policy reads to find out what a cache is good for.</summary>
internal static class ScoringTexts
{
    private const long MostBytes = 1 << 20;

    /// <summary>Reads texts, set apart by blank lines, from a UTF-8 file of at most 1 MiB.</summary>
    /// <exception cref="WinnowException">The file cannot be read, is too long or holds no text.</exception>
    public static IReadOnlyList<string> Read(string path)
    {
        string text;
        try
        {
            long length = new FileInfo(path).Length;
            if (length > MostBytes)
                throw new WinnowException($"{path}: the file of scoring texts has {length} bytes; at most {MostBytes} are read, so give a few questions");
            text = new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(File.ReadAllBytes(path));
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw new WinnowException($"{path}: the scoring texts cannot be read ({InputFile.OneLine(error.Message)}); name a UTF-8 text file", error);
        }

        string[] lines = text.TrimStart('\uFEFF').ReplaceLineEndings("\n").Split('\n');
        List<string> texts = [];
        for (int line = 0; line < lines.Length; line++)
        {
            if (string.IsNullOrWhiteSpace(lines[line]))
                continue;
            if (line > 0 && !string.IsNullOrWhiteSpace(lines[line - 1]))
                texts[^1] += "\n" + lines[line];
            else
                texts.Add(lines[line]);
        }

        return texts.Count > 0 ? texts : throw new WinnowException($"{path}: the file holds no text; write one or more texts separated by blank lines");
    }
}
