namespace Winnow.Training.Nano.Tasks;

/// <summary>Codes of things, hidden in a text: one, several, or several of the same thing.</summary>
/// <param name="name">Name of the task.</param>
/// <param name="digits">Digits of a code; null draws from 2 to 5, and words now and then.</param>
/// <param name="values">Codes of one thing; null draws mostly 1.</param>
internal sealed class NeedleTask(string name, int? digits = null, int? values = null) : NanoTask(name)
{
    public override List<NanoUnit> Make(NanoRandom random, int count, int length)
    {
        bool several = values > 1 || (values is null && random.Chance(0.12));
        bool words = digits is null && !several && random.Chance(0.25);
        int size = digits ?? random.Next(2, 6);
        string kind = words ? "word" : random.Chance(0.7) || digits is not null ? "code" : "number";
        return [.. Words(random, NanoWords.Keys, count).Select(key => Unit(random, key, kind, several ? Math.Max(2, values ?? 2) : 1, size))];
    }

    private static NanoUnit Unit(NanoRandom random, string key, string kind, int several, int size)
    {
        string[] found = [.. Enumerable.Range(0, several).Select(_ => kind == "word" ? random.Pick(NanoWords.Values) : Digits(random, size))];
        string[] sentences = [.. found.Select(value => $"The secret {kind} of {key} is {value}.")];
        NanoExchange exchange = several == 1
            ? new NanoExchange($"What is the secret {kind} of {key}?", $"The secret {kind} of {key} is", $"{found[0]}.")
            : new NanoExchange($"What are all secret {kind}s of {key}?", $"The secret {kind}s of {key} are", $"{string.Join(" and ", found)}.");
        return new NanoUnit(sentences, [exchange]);
    }
}
