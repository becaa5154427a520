namespace Winnow.Cli;

/// <summary>A document and a question for a first try, when the user names none.</summary>
internal static class SampleDocument
{
    /// <summary>What the document is called in output.</summary>
    public const string Name = "sample-document.txt";

    /// <summary>A question whose answer stands once in the document.</summary>
    public const string Question = "What is the name of the supply boat?";

    /// <summary>The text.</summary>
    public static string Read()
    {
        using Stream stream = typeof(SampleDocument).Assembly.GetManifestResourceStream(Name)
            ?? throw new InvalidOperationException($"the resource {Name} is missing from the build");
        using StreamReader reader = new(stream);
        return reader.ReadToEnd();
    }
}
