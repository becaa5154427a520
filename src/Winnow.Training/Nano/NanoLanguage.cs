using Winnow.Training.Nano.Tasks;

namespace Winnow.Training.Nano;

/// <summary>A question about people, and what must be read to answer it.</summary>
/// <param name="Biographies">Their biographies, a text each.</param>
/// <param name="People">Their names, in the same order.</param>
/// <param name="Exchange">Question and answer.</param>
public sealed record NanoFact(IReadOnlyList<string> Biographies, IReadOnlyList<string> People, NanoExchange Exchange);

/// <summary>Words, sentences and facts of the nano language, for texts that are not of the training's own tasks.</summary>
public static class NanoLanguage
{
    private static readonly BiographyTask s_oneHop = new("bio1", 1), s_twoHops = new("bio2", 2);

    /// <summary>Names of things: keys of codes and pairs, and variables.</summary>
    public static IReadOnlyList<string> Things => NanoWords.Keys;

    /// <summary>A sentence that says nothing of use.</summary>
    public static string Filler(Random random) => NanoFiller.Sentence(Draws(random));

    /// <summary>A word that is in no pool, spelt in pieces.</summary>
    public static string MadeUpWord(Random random) => NanoTask.Unseen(Draws(random));

    /// <summary>A question about somebody, or about somebody's friend.</summary>
    /// <param name="hops">1, or 2 for the friend.</param>
    /// <param name="random">The draws.</param>
    public static NanoFact Biography(int hops, Random random)
    {
        NanoRandom draws = Draws(random);
        (List<string> people, List<NanoUnit> units) = (hops == 1 ? s_oneHop : s_twoHops).MakeNamed(draws, 2);
        NanoExchange exchange = units[0].Exchanges[draws.Next(units[0].Exchanges.Count)];
        return new NanoFact([.. units.Take(hops).Select(unit => unit.Sentences[0])], [.. people.Take(hops)], exchange);
    }

    private static NanoRandom Draws(Random random) => NanoRandom.For(random.Next(), 0);
}
