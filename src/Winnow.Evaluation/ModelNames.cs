namespace Winnow.Evaluation;

/// <summary>Names of models in reports.</summary>
internal static class ModelNames
{
    /// <summary>File or folder name without where it lies.</summary>
    public static string Of(LanguageModel model) => Path.GetFileName(Path.TrimEndingDirectorySeparator(model.Checkpoint.Path));
}
