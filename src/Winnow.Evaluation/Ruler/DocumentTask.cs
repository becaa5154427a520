namespace Winnow.Evaluation;

/// <summary>
/// RULER's <c>qa_1</c> and <c>qa_2</c>: a question over documents, of which one, or two together, hold the answer. RULER takes them from question-answering
/// data sets; ours are made up, so nothing has to be fetched and no model has read them.
/// </summary>
internal sealed class DocumentTask(string name, int hops) : RulerTask(name, 32, AnswerMetric.AnyAnswer)
{
    public override int LeastSize => hops + 1;

    public override DataRow Build(RulerLanguage language, Random random, int size)
    {
        RulerFact asked = language.Fact(hops, random);
        HashSet<string> subjects = [.. asked.Subjects];
        List<string> passages = [.. asked.Passages];
        int documents = Math.Min(size, language.Limits.Documents);
        while (passages.Count < documents)
        {
            RulerFact other = language.Fact(hops, random);
            if (other.Subjects.Any(subjects.Contains))
                continue;
            subjects.UnionWith(other.Subjects);
            passages.AddRange(other.Passages.Take(documents - passages.Count));
        }

        string[] order = [.. passages, .. Enumerable.Range(0, size - documents).Select(_ => language.Filler(random))];
        random.Shuffle(order);
        string text = string.Join(language.DocumentBreak, order.Select((passage, i) => language.Document(i + 1, passage)));
        return Row(language.AskDocuments(asked.Question), text, asked.Answers);
    }
}
