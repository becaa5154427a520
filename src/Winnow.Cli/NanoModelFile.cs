using Winnow.Formats;

namespace Winnow.Cli;

/// <summary>The small model that comes with the program, so that everything can be tried before a model is fetched.</summary>
internal static class NanoModelFile
{
    /// <summary>Name in the file's metadata.</summary>
    private const string Name = "Winnow nano";

    /// <summary>Where it lies: beside the program.</summary>
    public static string Path => System.IO.Path.Combine(AppContext.BaseDirectory, "nano.gguf");

    /// <summary>Whether a model is of this kind, the shipped one or one that was trained anew.</summary>
    public static bool Is(LanguageModel model) => model.Checkpoint is GgufFile file && file.Metadata.GetStringOrDefault("general.name") == Name;
}
