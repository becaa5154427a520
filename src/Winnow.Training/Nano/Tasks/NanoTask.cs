namespace Winnow.Training.Nano.Tasks;

/// <summary>Makes facts and questions of one kind. Answers follow from the text alone.</summary>
internal abstract class NanoTask(string name)
{
    /// <summary>Share of words in places of keys and values that no vocabulary has seen.</summary>
    private const double UnseenShare = 0.1;

    private static readonly string[] s_consonants = ["b", "d", "f", "g", "k", "l", "m", "n", "p", "r", "s", "t", "v", "z", "br", "st", "tr"];
    private static readonly string[] s_vowels = ["a", "e", "i", "o", "u"];

    /// <summary>Name on the command line and in tables.</summary>
    public string Name { get; } = name;

    /// <summary>Whether the facts may lie scattered in a longer text; otherwise questions carry all they need.</summary>
    public virtual bool HasFacts => true;

    /// <summary>Whether questions must be asked in the order in which they were made.</summary>
    public virtual bool KeepsOrder => false;

    /// <summary>Makes a document's worth of units.</summary>
    /// <param name="random">Source of all choices.</param>
    /// <param name="count">How many units, at least one. A task whose pool of words is smaller gives fewer.</param>
    /// <param name="length">Tokens that a single unit may fill, for tasks whose question is as long as the document.</param>
    public abstract List<NanoUnit> Make(NanoRandom random, int count, int length);

    /// <summary>Different words of a pool, some of them made up.</summary>
    protected static string[] Words(NanoRandom random, IReadOnlyList<string> pool, int count)
    {
        string[] words = random.Sample(pool, Math.Min(count, pool.Count));
        bool any = random.Chance(0.3);
        for (int i = 0; any && i < words.Length; i++)
        {
            if (random.Chance(3 * UnseenShare) && Unseen(random) is var made && !words.Contains(made))
                words[i] = made;
        }

        return words;
    }

    /// <summary>A word that is in no pool, such as <c>bakori</c>.</summary>
    internal static string Unseen(NanoRandom random)
    {
        string word = "";
        for (int syllables = random.Next(2, 4); syllables > 0; syllables--)
            word += random.Pick(s_consonants) + random.Pick(s_vowels);
        return word;
    }

    /// <summary>Digits in a row, zero first among them.</summary>
    protected static string Digits(NanoRandom random, int count) => string.Concat(Enumerable.Range(0, count).Select(_ => (char)('0' + random.Next(10))));
}
