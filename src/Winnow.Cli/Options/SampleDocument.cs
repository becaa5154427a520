namespace Winnow.Cli.Options;

/// <summary>The document that <c>winnow compare</c> runs over when none is named.</summary>
internal static class SampleDocument
{
    /// <summary>Its name in the repository.</summary>
    public const string Name = "assets/sample-document.txt";

    private const string Question = "What is the six-digit code of the storm shutter?";

    /// <summary>The document and a question that it answers.</summary>
    public static PromptText Read()
    {
        using StreamReader reader = new(typeof(SampleDocument).Assembly.GetManifestResourceStream("sample-document.txt")!);
        return new PromptText(reader.ReadToEnd(), Question);
    }
}
