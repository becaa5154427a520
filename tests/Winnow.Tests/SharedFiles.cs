namespace Winnow.Tests;

/// <summary>Finds models and texts that are too large for the repository; a test that needs one skips where it is missing.</summary>
internal static class SharedFiles
{
    public static string SmolLm2 => Require("models/SmolLM2-135M-Instruct.Q4_1.gguf");

    public static string Jargon => Require("data/jargon.txt");

    public static string GoldenSmolLm2 => Require("data/golden-smollm2.json");

    public static string TokensSmolLm2 => Require("data/tokens-smollm2.json");

    private static string Require(string relative)
    {
        foreach (string root in Roots())
        {
            string path = Path.Combine(root, relative);
            if (File.Exists(path))
                return path;
        }
        Assert.Skip($"needs shared/{relative}: put it in a folder 'shared' beside the checkout, or name that folder in WINNOW_SHARED");
        return "";
    }

    private static IEnumerable<string> Roots()
    {
        if (Environment.GetEnvironmentVariable("WINNOW_SHARED") is { Length: > 0 } named)
            yield return named;
        for (DirectoryInfo? folder = new(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
            yield return Path.Combine(folder.FullName, "shared");
    }
}
