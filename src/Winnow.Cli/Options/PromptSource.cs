using System.CommandLine;
using Winnow.Decoding;

namespace Winnow.Cli.Options;

/// <summary>A document, if there is one, and what is asked of it, if anything is.</summary>
/// <param name="Document">Text that comes first.</param>
/// <param name="Question">Text that comes after it.</param>
internal sealed record PromptText(string? Document, string? Question)
{
    /// <summary>Both, separated by an empty line.</summary>
    public string Joined => PromptRenderer.Join(Document, Question);
}

/// <summary>Collects the prompt from options, files and standard input.</summary>
internal static class PromptSource
{
    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(3);

    /// <summary>
    /// Reads what --prompt, --prompt-file and --file name. Standard input, when it is not a terminal, is the prompt if there is none, else the
    /// document.
    /// </summary>
    /// <exception cref="WinnowException">There is no text, or a file cannot be read.</exception>
    public static PromptText Read(ParseResult arguments, CommonOptions common, Option<string?>? promptFile, Terminal terminal)
    {
        string? prompt = arguments.GetValue(common.Prompt);
        if (arguments.GetValue(common.Question) is { } question)
            prompt = prompt is null ? question : throw new WinnowException("--prompt and --question were both given, and mean the same; keep one of them");
        string? file = arguments.GetValue(common.File);
        if (promptFile is not null && arguments.GetValue(promptFile) is { } path)
        {
            if (prompt is not null)
                throw new WinnowException("--prompt and --prompt-file were both given; keep one of them");
            prompt = ReadFile(path);
        }

        string? document = file is null ? null : file == "-" ? ReadInput(terminal) : ReadFile(file);
        if (!terminal.InIsTerminal && file != "-")
        {
            if (prompt is null)
                prompt = ReadInput(terminal).TrimEnd('\r', '\n');
            else
                document ??= ReadInput(terminal);
        }

        PromptText text = new(document, prompt);
        return text.Joined.Length > 0 ? text : throw new WinnowException("there is no text: give --prompt TEXT, --file PATH, or text on standard input");
    }

    /// <summary>One text: --prompt, --file, or standard input.</summary>
    /// <exception cref="WinnowException">None or two were given, or the file cannot be read.</exception>
    public static string ReadSingle(ParseResult arguments, CommonOptions common, Terminal terminal) =>
        (arguments.GetValue(common.Prompt), arguments.GetValue(common.File)) switch
        {
            (not null, not null) => throw new WinnowException("--prompt and --file were both given; keep one of them"),
            ({ } prompt, null) => prompt,
            (null, not null and not "-" and { } file) => ReadFile(file),
            (null, null) when terminal.InIsTerminal =>
                throw new WinnowException("there is no text: give --prompt TEXT, --file PATH, or text on standard input"),
            _ => ReadInput(terminal),
        };

    /// <summary>A file's text, UTF-8 unless a byte-order mark says otherwise.</summary>
    public static string ReadFile(string path)
    {
        try
        {
            return File.ReadAllText(path);
        }
        catch (Exception error) when (error is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new WinnowException($"{path}: there is no such file; check the path", error);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw new WinnowException(
                Directory.Exists(path) ? $"{path}: this is a folder; name a text file" : $"{path}: the file cannot be read: {error.Message}", error);
        }
    }

    private static string ReadInput(Terminal terminal)
    {
        if (terminal.InIsTerminal)
            return terminal.Interrupts.Wait(terminal.In.ReadToEnd);
        using Timer hint = new(_ => terminal.Error.WriteLine("winnow: waiting for the end of standard input; redirect it from /dev/null if there is none"), null, _patience, Timeout.InfiniteTimeSpan);
        return terminal.Interrupts.Wait(terminal.In.ReadToEnd);
    }
}
