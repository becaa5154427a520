namespace Winnow.Training.Nano.Tasks;

/// <summary>Words or digits to be said again.</summary>
/// <param name="name">Name of the task.</param>
/// <param name="words">Most words of one copy.</param>
internal sealed class CopyTask(string name, int words = 40) : NanoTask(name)
{
    public override bool HasFacts => false;

    public override List<NanoUnit> Make(NanoRandom random, int count, int length)
    {
        var units = new List<NanoUnit>();
        int most = Math.Clamp((length - 12) / 2, 2, words);
        for (int i = 0; i < count; i++)
        {
            int size = random.Next(2, most + 1);
            string[] pool = random.Pick([NanoWords.Keys, NanoWords.Values, NanoWords.Names, NanoWords.Nouns]);
            string text = random.Chance(0.15)
                ? Digits(random, Math.Min(size, 12))
                : string.Join(' ', Enumerable.Range(0, size).Select(_ => random.Chance(0.02) ? Unseen(random) : random.Pick(pool)));
            units.Add(new NanoUnit([], [new NanoExchange($"Copy: {text}.", "Again:", $"{text}.")]));
        }

        return units;
    }
}
