namespace Winnow.Evaluation;

/// <summary>RULER's <c>vt</c>: one variable gets a value, four more get it one from the other, all in noise; asked for are the names of all five.</summary>
internal sealed class VariableTask() : RulerTask("vt", 30, AnswerMetric.Recall)
{
    private const int ExampleSentences = 5;

    public override int LeastSize => 5;

    public override DataRow Build(RulerLanguage language, Random random, int size)
    {
        int variables = language.Limits.Hops + 1;
        string[] names = Distinct(2 * variables, () => language.Variable(random));
        string[] values = Distinct(2, () => language.VariableValue(random));
        RulerFrame frame = language.AskVariables(values[0], names[..variables]);
        string before = language.Limits.Examples ? Solved(language, random, names[variables..], values[1]) + frame.Before : frame.Before;
        return Row(frame with { Before = before }, Text(language, random, names[..variables], values[0], size), names[..variables]);
    }

    /// <summary>As in RULER, a solved example shows what is wanted.</summary>
    private static string Solved(RulerLanguage language, Random random, string[] names, string value)
    {
        RulerFrame frame = language.AskVariables(value, names);
        return $"{frame.Introduce(Text(language, random, names, value, ExampleSentences))}\n{frame.Question}\n"
            + $"{frame.AnswerPrefix} {string.Join(", ", names)}\n\n";
    }

    private static string Text(RulerLanguage language, Random random, string[] names, string value, int sentences)
    {
        string[] noise = [.. Enumerable.Range(0, sentences).Select(i => language.Noise[i % language.Noise.Count])];
        string[] chain = [.. names.Select((name, i) => language.Assign(name, i == 0 ? value : names[i - 1], isVariable: i > 0))];
        return string.Join(" ", Scatter(noise, chain, random, inOrder: true));
    }
}
