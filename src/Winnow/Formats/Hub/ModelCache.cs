namespace Winnow.Formats.Hub;

/// <summary>Where pulled models lie.</summary>
public static class ModelCache
{
    /// <summary>Environment variable that moves the user's cache folder.</summary>
    public const string Variable = "WINNOW_CACHE";

    /// <summary>
    /// The folder of pulled models, <c>owner/repo/file</c> below it: <c>models</c> in the folder that <c>WINNOW_CACHE</c> names, else in
    /// <c>winnow</c> under the system's cache folder (<c>~/.cache</c> on Linux, the local application data elsewhere). It may not exist yet.
    /// </summary>
    public static string DefaultFolder => Folder(Environment.GetEnvironmentVariable);

    internal static string Folder(Func<string, string?> variable) => Path.GetFullPath(Path.Combine(Root(variable), "models"));

    private static string Root(Func<string, string?> variable)
    {
        if (variable(Variable) is { Length: > 0 } named)
            return named;
        string local = Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData, Environment.SpecialFolderOption.DoNotVerify);
        if (!OperatingSystem.IsLinux())
            return Path.Combine(local, "winnow");
        string home = Environment.GetFolderPath(Environment.SpecialFolder.UserProfile, Environment.SpecialFolderOption.DoNotVerify);
        return Path.Combine(variable("XDG_CACHE_HOME") is { Length: > 0 } cache ? cache : Path.Combine(home, ".cache"), "winnow");
    }
}
