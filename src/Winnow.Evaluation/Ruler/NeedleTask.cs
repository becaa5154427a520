namespace Winnow.Evaluation;

/// <summary>In what a needle is hidden.</summary>
internal enum Haystack
{
    /// <summary>A few sentences over and over.</summary>
    Noise,

    /// <summary>Running text.</summary>
    Prose,

    /// <summary>Other needles, line after line.</summary>
    Needles,
}

/// <summary>RULER's eight tasks of needles in a haystack: hidden values, some of which are asked for.</summary>
/// <param name="name">RULER's name.</param>
/// <param name="haystack">In what they are hidden.</param>
/// <param name="kind">What the values are.</param>
/// <param name="keys">Names that have values.</param>
/// <param name="severalValues">Whether each name has several values.</param>
/// <param name="queries">Names that are asked for.</param>
/// <param name="strangeKeys">Whether the names are UUIDs instead of words.</param>
internal sealed class NeedleTask(
    string name, Haystack haystack, RulerValue kind, int keys = 1, bool severalValues = false, int queries = 1, bool strangeKeys = false)
    : RulerTask(name, 128, AnswerMetric.Recall)
{
    public override int LeastSize => 1;

    public override DataRow Build(RulerLanguage language, Random random, int size)
    {
        int others = haystack == Haystack.Needles ? size : 0, values = severalValues ? language.Limits.Values : 1;
        string[] names = Distinct(keys + others, () => strangeKeys ? language.StrangeKey(random) : language.Key(random));
        string[] hidden = Distinct(keys * values + others, () => language.Value(kind, random));
        string[] needles = [.. hidden.Take(keys * values).Select((value, i) => language.Needle(kind, names[i / values], value))];
        string[] hay = haystack switch
        {
            Haystack.Noise => [.. Enumerable.Range(0, size).Select(i => language.Noise[i % language.Noise.Count])],
            Haystack.Prose => [.. Enumerable.Range(0, size).Select(_ => language.Filler(random))],
            _ => [.. Enumerable.Range(0, size).Select(i => language.Needle(kind, names[keys + i], hidden[keys * values + i]))],
        };
        RulerFrame frame = language.AskValues(kind, names[..queries], single: queries * values == 1);
        string text = string.Join(haystack == Haystack.Needles ? language.NeedleBreak : " ", Scatter(hay, needles, random, inOrder: false));
        return Row(frame, text, hidden[..(queries * values)]);
    }
}
