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

    /// <summary>Refuses a file that is there already.</summary>
    /// <param name="path">The file.</param>
    /// <param name="force">Whether the user said that it may be replaced.</param>
    /// <exception cref="WinnowException">It is there and may not be replaced, or is a folder.</exception>
    public static void RequireNew(string path, bool force)
    {
        if (Directory.Exists(path))
            throw new WinnowException($"{path}: this is a folder; name the file to write");
        if (File.Exists(path) && !force)
            throw new WinnowException($"{path}: the file exists; add --force to replace it, or choose another name");
    }

    /// <summary>Refuses to write over what is being read, also through links.</summary>
    /// <exception cref="WinnowException">The path is one of the inputs.</exception>
    public static void RequireOther(string path, IEnumerable<string> inputs)
    {
        string target = Final(path);
        if (inputs.Any(input => string.Equals(Final(input), target, StringComparison.Ordinal)))
            throw new WinnowException($"{path}: this is the file that is read; choose another name for the output");
    }

    private static string Final(string path) =>
        (File.Exists(path) ? File.ResolveLinkTarget(path, returnFinalTarget: true)?.FullName : null) ?? Path.GetFullPath(path);
}
