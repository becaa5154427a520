using System.Globalization;

namespace Winnow.Evaluation;

/// <summary>What stands around a text: words before it, the question after it, and how the answer begins.</summary>
/// <param name="Before">Stands before the text.</param>
/// <param name="Question">Stands after it.</param>
/// <param name="AnswerPrefix">Beginning of the answer.</param>
public sealed record RulerFrame(string Before, string Question, string AnswerPrefix)
{
    /// <summary>A text with what stands before it.</summary>
    public string Introduce(string text) => Before.Length == 0 ? text : $"{Before}\n\n{text}";
}

/// <summary>What is hidden.</summary>
public enum RulerValue
{
    /// <summary>A number of seven digits.</summary>
    Number,

    /// <summary>32 hexadecimal digits in five groups.</summary>
    Uuid,
}

/// <summary>Where a model of a small language is asked for less than RULER asks.</summary>
public sealed record RulerLimits
{
    /// <summary>Values of a name in <c>niah_multivalue</c>.</summary>
    public int Values { get; init; } = 4;

    /// <summary>Assignments from variable to variable in <c>vt</c>.</summary>
    public int Hops { get; init; } = 4;

    /// <summary>Most documents of <c>qa_1</c> and <c>qa_2</c>; longer texts are filled up with sentences that say nothing.</summary>
    public int Documents { get; init; } = int.MaxValue;

    /// <summary>Whether <c>vt</c> and <c>cwe</c> begin with a solved example.</summary>
    public bool Examples { get; init; } = true;
}

/// <summary>
/// The words that RULER's tasks are made of, in English. A model with a vocabulary of its own gets a class derived from this one that says the same things in
/// the words it knows; the tasks themselves stay as they are.
/// </summary>
public class RulerLanguage
{
    /// <summary>English.</summary>
    public static RulerLanguage English { get; } = new();

    /// <summary>What of RULER's settings the language cannot say.</summary>
    public virtual RulerLimits Limits { get; } = new();

    /// <summary>Stands between the needles of a text that is made of needles.</summary>
    public virtual string NeedleBreak => "\n";

    /// <summary>Stands between documents.</summary>
    public virtual string DocumentBreak => "\n\n";

    /// <summary>Sentences that are repeated over and over where a task hides something in noise.</summary>
    public virtual IReadOnlyList<string> Noise { get; } =
        ["The bread is warm.", "The lamp is lit.", "The road is long.", "We walk on.", "Then we rest a while."];

    /// <summary>Words for lists; none is a part of another.</summary>
    public virtual IReadOnlyList<string> Words => EnglishWords.Nouns;

    /// <summary>The word that is most frequent in a coded text and is not asked for.</summary>
    public virtual string CodedNoise => "...";

    /// <summary>A sentence of running text that says nothing that is asked for.</summary>
    public virtual string Filler(Random random) => EnglishProse.Sentence(random);

    /// <summary>A name for something hidden.</summary>
    public virtual string Key(Random random) =>
        $"{EnglishWords.Adjectives[random.Next(EnglishWords.Adjectives.Count)]}-{EnglishWords.Nouns[random.Next(EnglishWords.Nouns.Count)]}";

    /// <summary>A name for something hidden where names are as strange as what they hide.</summary>
    public virtual string StrangeKey(Random random) => Value(RulerValue.Uuid, random);

    /// <summary>Something to hide.</summary>
    public virtual string Value(RulerValue kind, Random random)
    {
        if (kind == RulerValue.Number)
            return random.Next(1_000_000, 10_000_000).ToString(CultureInfo.InvariantCulture);
        byte[] bytes = new byte[16];
        random.NextBytes(bytes);
        return new Guid(bytes).ToString();
    }

    /// <summary>A sentence that states a hidden value.</summary>
    public virtual string Needle(RulerValue kind, string key, string value) => $"One of the secret {Noun(kind)}s of {key} is {value}.";

    /// <summary>Asks for hidden values.</summary>
    /// <param name="kind">What is hidden.</param>
    /// <param name="keys">Whose values are asked for.</param>
    /// <param name="single">Whether there is one value in all.</param>
    public virtual RulerFrame AskValues(RulerValue kind, IReadOnlyList<string> keys, bool single)
    {
        string named = keys.Count == 1 ? keys[0] : string.Join(", ", keys.SkipLast(1)) + " and " + keys[^1];
        return new RulerFrame(
            $"The text below mentions secret {Noun(kind)}s here and there. Remember them: you will be asked for {(single ? "one of them" : "some of them")}.",
            single ? $"What is the secret {Noun(kind)} of {named} in the text above?" : $"What are all the secret {Noun(kind)}s of {named} in the text above?",
            single ? $"The secret {Noun(kind)} of {named} in the text above is" : $"The secret {Noun(kind)}s of {named} in the text above are");
    }

    /// <summary>A name for a variable.</summary>
    public virtual string Variable(Random random) => string.Concat(Enumerable.Range(0, 5).Select(_ => (char)('A' + random.Next(26))));

    /// <summary>A value for a variable.</summary>
    public virtual string VariableValue(Random random) => random.Next(10_000, 100_000).ToString(CultureInfo.InvariantCulture);

    /// <summary>A statement that gives a variable its value: a number, or another variable.</summary>
    /// <param name="name">The variable.</param>
    /// <param name="value">What it is set to.</param>
    /// <param name="isVariable">Whether <paramref name="value"/> is a variable.</param>
    public virtual string Assign(string name, string value, bool isVariable) => $"VAR {name} = {(isVariable ? "VAR " : "")}{value}.";

    /// <summary>Asks for the variables that hold a value.</summary>
    /// <param name="value">The value.</param>
    /// <param name="names">These variables, in the order in which they got it.</param>
    public virtual RulerFrame AskVariables(string value, IReadOnlyList<string> names) => new(
        "Variables are given values here and there in the text below. Follow them from one to the next.",
        $"Question: Which variables hold the value {value} in the text above?",
        $"Answer: Following the text above, {names.Count} variables hold the value {value}. They are:");

    /// <summary>Asks for the most common words of a numbered list.</summary>
    public virtual RulerFrame AskCommonWords(int count) => new(
        "Here is a numbered list of words. Some of them come more often than the others; remember those.",
        $"Question: Which {count} words come most often in the list above?",
        $"Answer: The {count} words that come most often in the list above are:");

    /// <summary>A word of a coded text.</summary>
    public virtual string CodedWord(Random random) => string.Concat(Enumerable.Range(0, 6).Select(_ => (char)('a' + random.Next(26))));

    /// <summary>Asks for the most frequent words of a coded text.</summary>
    public virtual RulerFrame AskFrequentWords(int count) => new(
        "The text below is written in a code. Count how often each coded word comes.",
        $"Question: Leave the dots '{CodedNoise}' out and explain nothing. Which {count} coded words come most often in the text above?",
        $"Answer: The {count} coded words that come most often in the text above are:");

    /// <summary>A question over passages.</summary>
    /// <param name="hops">Passages that it takes to answer: 1 or 2.</param>
    /// <param name="random">The draws.</param>
    public virtual RulerFact Fact(int hops, Random random) => hops == 1 ? EnglishFacts.OneHop(random) : EnglishFacts.TwoHop(random);

    /// <summary>A passage as one of several documents.</summary>
    public virtual string Document(int number, string passage) => $"Document {number}:\n{passage}";

    /// <summary>Asks a question over documents.</summary>
    public virtual RulerFrame AskDocuments(string question) => new(
        "Read these documents. Answer the question after them with the answer alone.",
        $"Answer from the documents above with the answer alone.\n\nQuestion: {question}",
        "Answer:");

    private static string Noun(RulerValue kind) => kind == RulerValue.Number ? "number" : "code";
}
