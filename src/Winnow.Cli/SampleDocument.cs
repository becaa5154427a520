namespace Winnow.Cli;

/// <summary>A document and a question for a first try, when the user names none.</summary>
/// <param name="Name">What the document is called in output.</param>
/// <param name="Question">A question whose answer stands once in the document.</param>
internal sealed record SampleDocument(string Name, string Question)
{
    /// <summary>For models that read English.</summary>
    private static readonly SampleDocument s_english = new("sample-document.txt", "What is the name of the supply boat?");

    /// <summary>For the nano model, in its own language.</summary>
    private static readonly SampleDocument s_nano = new("sample-document-nano.txt", "What is the secret code of lantern?");

    /// <summary>The document that suits a model.</summary>
    public static SampleDocument For(LanguageModel model) => NanoModelFile.Is(model) ? s_nano : s_english;

    /// <summary>The text.</summary>
    public string Read()
    {
        using Stream stream = typeof(SampleDocument).Assembly.GetManifestResourceStream(Name)
            ?? throw new InvalidOperationException($"the resource {Name} is missing from the build");
        using StreamReader reader = new(stream);
        return reader.ReadToEnd();
    }
}
