namespace Winnow.Training.Nano;

/// <summary>Sentences that say nothing of use.</summary>
internal static class NanoFiller
{
    /// <summary>One sentence.</summary>
    public static string Sentence(NanoRandom random) => random.Next(4) switch
    {
        0 => $"The {random.Pick(NanoWords.Adjectives)} {random.Pick(NanoWords.Nouns)} {random.Pick(NanoWords.Verbs)} the {random.Pick(NanoWords.Nouns)}.",
        1 => $"Every {random.Pick(NanoWords.Nouns)} {random.Pick(NanoWords.Verbs)} a {random.Pick(NanoWords.Adjectives)} {random.Pick(NanoWords.Nouns)} {random.Pick(NanoWords.Adverbs)}.",
        2 => $"A {random.Pick(NanoWords.Nouns)} near the {random.Pick(NanoWords.Adjectives)} {random.Pick(NanoWords.Nouns)} {random.Pick(NanoWords.Verbs)} it {random.Pick(NanoWords.Adverbs)}.",
        _ => $"In the {random.Pick(NanoWords.Nouns)} the {random.Pick(NanoWords.Nouns)} {random.Pick(NanoWords.Adverbs)} {random.Pick(NanoWords.Verbs)} a {random.Pick(NanoWords.Nouns)}.",
    };

    /// <summary>The opening of a text.</summary>
    public static string Opening(NanoRandom random) => random.Pick(["Read this.", "Here is a text.", "Remember this.", "Some facts."]);
}
