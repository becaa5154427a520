namespace Winnow.Evaluation;

/// <summary>One of RULER's tasks: makes rows of any size.</summary>
internal abstract class RulerTask(string name, int maxNewTokens, AnswerMetric metric)
{
    /// <summary>RULER's name of it.</summary>
    public string Name => name;

    /// <summary>Most tokens of an output, as RULER has it.</summary>
    public int MaxNewTokens => maxNewTokens;

    /// <summary>How an output is scored, as RULER does.</summary>
    public AnswerMetric Metric => metric;

    /// <summary>The smallest size of which the task makes sense.</summary>
    public abstract int LeastSize { get; }

    /// <summary>Makes a row.</summary>
    /// <param name="language">The words.</param>
    /// <param name="random">The draws.</param>
    /// <param name="size">Sentences, words or documents, as the task has them.</param>
    public abstract DataRow Build(RulerLanguage language, Random random, int size);

    /// <summary>A row of a text and what stands around it.</summary>
    protected DataRow Row(RulerFrame frame, string text, IReadOnlyList<string> answers) => new()
    {
        Task = name,
        Context = frame.Introduce(text),
        Question = frame.Question,
        AnswerPrefix = frame.AnswerPrefix,
        Answers = answers,
        MaxNewTokens = maxNewTokens,
        Metric = metric,
    };

    /// <summary>Draws so many different texts.</summary>
    protected static string[] Distinct(int count, Func<string> draw)
    {
        HashSet<string> drawn = [];
        List<string> texts = [];
        while (texts.Count < count)
        {
            string text = draw();
            if (drawn.Add(text))
                texts.Add(text);
        }

        return [.. texts];
    }

    /// <summary>Puts statements between sentences at random places.</summary>
    /// <param name="sentences">Running text.</param>
    /// <param name="statements">What is put in.</param>
    /// <param name="random">The draws.</param>
    /// <param name="inOrder">Whether the statements keep their order.</param>
    protected static IEnumerable<string> Scatter(IReadOnlyList<string> sentences, IReadOnlyList<string> statements, Random random, bool inOrder)
    {
        int[] places = [.. Enumerable.Range(0, sentences.Count + statements.Count)];
        random.Shuffle(places);
        HashSet<int> chosen = [.. places.Take(statements.Count)];
        string[] order = [.. statements];
        if (!inOrder)
            random.Shuffle(order);
        int next = 0, sentence = 0;
        for (int place = 0; place < places.Length; place++)
            yield return chosen.Contains(place) ? order[next++] : sentences[sentence++];
    }
}
