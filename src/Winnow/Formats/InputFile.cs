using System.Text.Json;
using Winnow.Kernels.Memory;

namespace Winnow.Formats;

/// <summary>Opens files whose content is not trusted, and words what is wrong with them.</summary>
internal static class InputFile
{
    private const int QuotedLength = 80;

    /// <summary>Maps a file, with one clear sentence when that cannot be done.</summary>
    public static MappedFile Map(string path)
    {
        if (Directory.Exists(path))
            throw new WinnowException($"{path}: this is a folder; name a file in it");
        try
        {
            return new MappedFile(path);
        }
        catch (Exception error) when (error is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new WinnowException($"{path}: there is no such file; check the path, or fetch a model with 'winnow pull'", error);
        }
        catch (UnauthorizedAccessException error)
        {
            throw new WinnowException($"{path}: the file may not be read; change its permissions", error);
        }
        catch (Exception error) when (error is IOException or ArgumentException or NotSupportedException)
        {
            bool empty = File.Exists(path) && new FileInfo(path).Length == 0;
            throw new WinnowException(
                empty ? $"{path}: the file is empty; download it again" : $"{path}: the file cannot be opened: {error.Message}", error);
        }
    }

    /// <summary>Whether an existing file begins with these bytes.</summary>
    public static bool StartsWith(string path, ReadOnlySpan<byte> magic)
    {
        try
        {
            Span<byte> head = stackalloc byte[magic.Length];
            using FileStream file = File.OpenRead(path);
            return file.ReadAtLeast(head, head.Length, throwOnEndOfStream: false) == head.Length && head.SequenceEqual(magic);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new WinnowException($"{path}: the file cannot be read: {error.Message}", error);
        }
    }

    /// <summary>Parses a JSON file that holds one object and is at most <paramref name="maxBytes"/> long. Doubled names are refused.</summary>
    public static JsonElement ReadJsonObject(string path, int maxBytes)
    {
        using MappedFile file = Map(path);
        if (file.Bytes.Length > maxBytes)
            throw new WinnowException(
                $"{path}: the file has {file.Bytes.Length} bytes where at most {maxBytes} are expected; it is not the file its name says");
        try
        {
            ReadOnlySpan<byte> text = WithoutByteOrderMark(file.Bytes.AsSpan(0, (int)file.Bytes.Length));
            JsonElement root = JsonElement.Parse(text, new JsonDocumentOptions { AllowDuplicateProperties = false });
            return root.ValueKind == JsonValueKind.Object ? root : throw new JsonException($"the file holds a JSON {root.ValueKind}, not an object");
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException)
        {
            throw new WinnowException($"{path}: the file is not valid JSON ({OneLine(error.Message)}); download it again", error);
        }
    }

    /// <summary>A name out of a file, made fit for a message: quoted, cut, without control characters.</summary>
    public static string Quote(string name)
    {
        string cut = name.Length > QuotedLength ? name[..QuotedLength] + "…" : name;
        return $"'{OneLine(cut)}'";
    }

    /// <summary>Text of a message with control characters and line ends taken out.</summary>
    public static string OneLine(string text) =>
        string.Create(text.Length, text, static (target, source) =>
        {
            for (int i = 0; i < target.Length; i++)
                target[i] = char.IsControl(source[i]) || source[i] is '\u2028' or '\u2029' ? '?' : source[i];
        });

    private static ReadOnlySpan<byte> WithoutByteOrderMark(ReadOnlySpan<byte> text) => text.StartsWith("\uFEFF"u8) ? text[3..] : text;
}
