namespace Winnow.Cli.Options;

/// <summary>Checks on files that a command will write.</summary>
internal static class OutputFile
{
    /// <summary>Refuses a file that could not be written before minutes are spent on its content.</summary>
    /// <exception cref="WinnowException">Its folder does not exist.</exception>
    public static void RequireFolder(string? path)
    {
        if (path is not null && Path.GetDirectoryName(Path.GetFullPath(path)) is { } folder && !Directory.Exists(folder))
            throw new WinnowException($"{path}: there is no folder {folder} to write to; create it or choose another");
    }
}
