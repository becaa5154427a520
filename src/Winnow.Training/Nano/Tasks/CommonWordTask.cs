namespace Winnow.Training.Nano.Tasks;

/// <summary>Common-word extraction as in RULER (arXiv:2404.06654): a list in which a few words stand more often than the rest.</summary>
/// <param name="name">Name of the task.</param>
/// <param name="winners">Words that are asked for; null draws 1 or 3.</param>
internal sealed class CommonWordTask(string name, int? winners = null) : NanoTask(name)
{
    private const int Overhead = 26;

    public override bool HasFacts => false;

    public override List<NanoUnit> Make(NanoRandom random, int count, int length) =>
        [.. Enumerable.Range(0, count).Select(_ => Unit(random, Math.Max(12, length - Overhead)))];

    private NanoUnit Unit(NanoRandom random, int length)
    {
        int asked = winners ?? (random.Chance(0.75) || length < 40 ? 1 : 3);
        int rest = Math.Clamp(length / 4, 3, 60);
        string[] words = random.Sample(NanoWords.Keys, asked + rest);
        // Winners stand three, five, seven times as often as the others, which tells first from second.
        int once = Math.Max(1, length / (rest + 7 * asked));
        var list = new List<string>();
        for (int i = 0; i < asked; i++)
            list.AddRange(Enumerable.Repeat(words[i], Math.Max(once * (3 + 2 * (asked - 1 - i)) + (asked == 1 ? random.Next(0, 4) : 0), 3)));
        for (int i = 0; list.Count < length && i < rest * once; i++)
            list.Add(words[asked + i % rest]);
        random.Shuffle(list);
        string text = string.Join(' ', list);
        return new NanoUnit([], [asked == 1
            ? new NanoExchange($"List: {text}. Which word is the most common?", "The most common word is", $"{words[0]}.")
            : new NanoExchange($"List: {text}. Which three words are the most common?", "The most common words are", $"{words[0]}, {words[1]} and {words[2]}.")]);
    }
}
