namespace Winnow.Evaluation;

/// <summary>RULER's <c>vt</c>: one variable gets a value, four more get it one from the other, all in noise; asked for are the names of all five.</summary>
internal sealed class VariableTask() : RulerTask("vt", 30, AnswerMetric.Recall)
{
    private const int Variables = 5;
    private const int ExampleSentences = 5;

    public override int LeastSize => Variables;

    public override DataRow Build(RulerLanguage language, Random random, int size)
    {
        string[] names = Distinct(2 * Variables, () => language.Variable(random));
        string[] values = Distinct(2, () => language.VariableValue(random));
        RulerFrame example = language.AskVariables(values[1], Variables), frame = language.AskVariables(values[0], Variables);
        // As in RULER, a solved example shows what is wanted.
        string solved = $"{example.Before}\n\n{Text(language, random, names[Variables..], values[1], ExampleSentences)}\n{example.Question}\n"
            + $"{example.AnswerPrefix} {string.Join(", ", names[Variables..])}\n\n";
        return Row(frame with { Before = solved + frame.Before }, Text(language, random, names[..Variables], values[0], size), names[..Variables]);
    }

    private static string Text(RulerLanguage language, Random random, string[] names, string value, int sentences)
    {
        string[] noise = [.. Enumerable.Range(0, sentences).Select(i => language.Noise[i % language.Noise.Count])];
        string[] chain = [.. names.Select((name, i) => language.Assign(name, i == 0 ? value : names[i - 1], isVariable: i > 0))];
        return string.Join(" ", Scatter(noise, chain, random, inOrder: true));
    }
}
