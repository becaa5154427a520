namespace Winnow.Training.Nano;

/// <summary>Running text of the nano language, for measuring perplexity.</summary>
public static class NanoText
{
    private const int DocumentTokens = 400;

    /// <summary>Documents of the training mix, in plain style, with empty lines between.</summary>
    /// <param name="seed">Seed; training draws from others.</param>
    /// <param name="documents">How many.</param>
    public static string Create(int seed, int documents)
    {
        NanoDocumentBuilder builder = new(NanoVocabulary.Default.Count);
        return string.Join("\n\n", Enumerable.Range(0, documents).Select(i =>
        {
            NanoRandom random = NanoRandom.For(seed, long.MaxValue - i);
            NanoDraft draft = builder.Draft(new NanoRequest(NanoTasks.Mix[i % NanoTasks.Mix.Count].Task, DocumentTokens, NanoStyle.Plain), random);
            return string.Concat(NanoDocumentBuilder.Write(draft, NanoStyle.Plain, random).Select(piece => piece.Text));
        })) + "\n";
    }
}
