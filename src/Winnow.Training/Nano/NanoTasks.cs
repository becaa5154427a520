using Winnow.Training.Nano.Tasks;

namespace Winnow.Training.Nano;

/// <summary>A text, what is asked of it, and the answer: one sample of a task.</summary>
/// <param name="Document">What stands before the question; empty for tasks whose question holds all.</param>
/// <param name="Question">The question.</param>
/// <param name="Lead">Beginning of the answer, which repeats the question; may be empty.</param>
/// <param name="Answer">The rest of the answer, by which it is judged.</param>
public sealed record NanoSample(string Document, string Question, string Lead, string Answer)
{
    /// <summary>The prompt as plain text; a model goes on with a space and the answer.</summary>
    /// <param name="withLead">Whether the prompt goes as far as the answer's lead.</param>
    public string Prompt(bool withLead) => string.Join(' ', new[] { Document, Question, withLead ? Lead : "" }.Where(part => part.Length > 0));

    /// <summary>The whole answer.</summary>
    public string FullAnswer => Lead.Length == 0 ? Answer : Lead + " " + Answer;
}

/// <summary>The tasks of the nano language by name, and samples of them for evaluation.</summary>
public static class NanoTasks
{
    private static readonly NanoTask[] s_evaluated =
    [
        new NeedleTask("needle", digits: 4, values: 1), new NeedleTask("needle-values", digits: 4, values: 2), new KeyValueTask("kv"),
        new VariableTask("var1", 1), new VariableTask("var2", 2), new VariableTask("var3", 3), new BiographyTask("bio1", 1), new BiographyTask("bio2", 2),
        new CommonWordTask("common", 1), new CommonWordTask("frequent", 3), new CopyTask("copy"), new ArithmeticTask("add", bareAdditions: true),
        new ArithmeticTask("arithmetic"), new StoryTask("story"),
    ];

    /// <summary>Names that <see cref="Create"/> knows.</summary>
    public static IReadOnlyList<string> Names { get; } = [.. s_evaluated.Select(task => task.Name)];

    /// <summary>
    /// The tasks of training, their shares, and the shares of the last part of it, when retrieval is learnt and what comes latest gets the time.
    /// </summary>
    internal static IReadOnlyList<(NanoTask Task, double Share, double LateShare)> Mix { get; } =
    [
        (new NeedleTask("needle"), 0.20, 0.08), (new KeyValueTask("kv"), 0.14, 0.09), (new VariableTask("var"), 0.20, 0.12), (new CopyTask("copy"), 0.10, 0.05),
        (new CommonWordTask("common"), 0.03, 0.01), (new BiographyTask("bio"), 0.18, 0.34), (new ArithmeticTask("arithmetic"), 0.10, 0.26),
        (new StoryTask("story"), 0.03, 0.03), (new SmallTalkTask("talk"), 0.02, 0.02),
    ];

    /// <summary>One sample with a single question.</summary>
    /// <param name="task">One of <see cref="Names"/>.</param>
    /// <param name="tokens">Tokens of document, question and answer together, at most; documents are filled up to it.</param>
    /// <param name="seed">The same seed gives the same sample, everywhere.</param>
    /// <param name="units">Facts in the document: needles, pairs, chains or people; null takes the task's usual number.</param>
    /// <exception cref="WinnowException">There is no such task, or the length holds no question.</exception>
    public static NanoSample Create(string task, int tokens, int seed, int? units = null)
    {
        NanoTask found = Array.Find(s_evaluated, each => each.Name == task)
            ?? throw new WinnowException($"there is no task '{task}'; there are {string.Join(", ", Names)}");
        if (tokens < 64)
            throw new WinnowException($"a sample of {tokens} tokens cannot work: use 64 or more");
        NanoRequest request = new(found, tokens, NanoStyle.Chat) { Units = units ?? UsualUnits(task, tokens), MaxQuestions = 1 };
        NanoDraft draft = new NanoDocumentBuilder(NanoVocabulary.Default.Count).Draft(request, NanoRandom.For(seed, tokens));
        NanoExchange exchange = draft.Exchanges[0];
        return new NanoSample(string.Join(' ', draft.Context), exchange.Question, exchange.Lead, exchange.Answer);
    }

    private static int UsualUnits(string task, int tokens) => task switch
    {
        "kv" => Math.Min(24, tokens / 20),
        "var1" or "var2" or "var3" => tokens >= 256 ? 4 : 2,
        "bio1" or "bio2" => Math.Clamp(tokens / 50, 2, 20),
        _ => 1,
    };
}
