using System.Globalization;
using Winnow.Evaluation;
using Winnow.Training.Nano;

namespace Winnow.Cli;

/// <summary>
/// RULER's tasks in the language of the nano model. It was taught codes of up to five digits instead of UUIDs, two values of a name instead of four, chains of
/// three assignments instead of four; the answer to a chain spells out all variables that hold the value, which is what RULER asks for.
/// </summary>
internal sealed class NanoRulerLanguage : RulerLanguage
{
    private const double MadeUpShare = 0.1;

    /// <summary>The language in which a model is asked.</summary>
    public static RulerLanguage For(LanguageModel model) => NanoModelFile.Is(model) ? new NanoRulerLanguage() : English;

    public override RulerLimits Limits { get; } = new() { Values = 2, Hops = 3, Documents = 20, Examples = false };

    public override string NeedleBreak => " ";

    public override string DocumentBreak => " ";

    public override IReadOnlyList<string> Noise { get; } =
    [
        "The old road follows the hill.", "A bridge near the quiet lake watches it slowly.", "Every farm meets a narrow lane often.",
        "In the valley the wind softly leads a stream.",
    ];

    public override IReadOnlyList<string> Words => NanoLanguage.Things;

    // No word of the language means nothing; this one is left out of the answer all the same.
    public override string CodedNoise => "the";

    public override string Filler(Random random) => NanoLanguage.Filler(random);

    // Long texts of needles have more names than the pool.
    public override string Key(Random random) =>
        random.NextDouble() < MadeUpShare ? NanoLanguage.MadeUpWord(random) : NanoLanguage.Things[random.Next(NanoLanguage.Things.Count)];

    public override string StrangeKey(Random random) => NanoLanguage.MadeUpWord(random);

    public override string Value(RulerValue kind, Random random) =>
        (kind == RulerValue.Number ? random.Next(1_000, 10_000) : random.Next(10_000, 100_000)).ToString(CultureInfo.InvariantCulture);

    public override string Needle(RulerValue kind, string key, string value) => $"The secret {Noun(kind)} of {key} is {value}.";

    public override RulerFrame AskValues(RulerValue kind, IReadOnlyList<string> keys, bool single)
    {
        string named = string.Join(" and ", keys);
        return single
            ? new RulerFrame("", $"What is the secret {Noun(kind)} of {named}?", $"The secret {Noun(kind)} of {named} is")
            : new RulerFrame("", $"What are all secret {Noun(kind)}s of {named}?", $"The secret {Noun(kind)}s of {named} are");
    }

    public override string Variable(Random random) => NanoLanguage.Things[random.Next(NanoLanguage.Things.Count)];

    public override string VariableValue(Random random) => random.Next(10, 100).ToString(CultureInfo.InvariantCulture);

    public override string Assign(string name, string value, bool isVariable) => $"Let {name} = {value}.";

    public override RulerFrame AskVariables(string value, IReadOnlyList<string> names) => new("", $"Which number is {names[^1]}?", "So");

    public override RulerFrame AskCommonWords(int count) => new("", "Which three words are the most common?", "The most common words are");

    public override string CodedWord(Random random) => Key(random);

    public override RulerFrame AskFrequentWords(int count) => AskCommonWords(count);

    public override RulerFact Fact(int hops, Random random)
    {
        NanoFact fact = NanoLanguage.Biography(hops, random);
        string answer = fact.Exchange.Answer.TrimEnd('.').Split(' ')[^1];
        return new RulerFact(fact.Biographies, fact.People, fact.Exchange.Question, [answer]);
    }

    public override string Document(int number, string passage) => passage;

    public override RulerFrame AskDocuments(string question) => new("", question, "");

    private static string Noun(RulerValue kind) => kind == RulerValue.Number ? "code" : "number";
}
