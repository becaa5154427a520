using Winnow.Evaluation;

namespace Winnow.Cli.Tests;

/// <summary>RULER's tasks as the nano model reads them.</summary>
public sealed class NanoRulerLanguageTests : IDisposable
{
    private readonly LanguageModel _model = LanguageModel.Load(NanoModelFile.Path, new ModelOptions { Threads = 1 });

    public void Dispose() => _model.Dispose();

    [Fact]
    public void Every_task_can_be_made_and_fills_its_length()
    {
        foreach (string task in RulerTasks.Names)
        {
            DataRow row = Create(task, 1024);
            int tokens = _model.Tokenizer.Encode(row.Context).Count;
            Assert.InRange(tokens + row.MaxNewTokens, 850, 1024);
        }
    }

    [Fact]
    public void A_chain_of_three_assignments_is_asked_for_at_its_end()
    {
        DataRow row = Create("vt", 512);
        Assert.Equal(4, row.Answers.Count);
        Assert.Equal($"Which number is {row.Answers[3]}?", row.Question);
        for (int i = 1; i < 4; i++)
            Assert.Contains($"Let {row.Answers[i]} = {row.Answers[i - 1]}.", row.Context, StringComparison.Ordinal);
    }

    [Fact]
    public void The_answer_of_two_hops_stands_in_the_biography_of_the_friend()
    {
        DataRow row = Create("qa_2", 512);
        string person = row.Question.TrimEnd('?').Split(" the friend of ")[1].Split(' ')[0];
        string friend = row.Context.Split($"The friend of {person} is ")[1].Split('.')[0];
        Assert.Contains(row.Context.Split(". "), sentence => sentence.TrimEnd('.').StartsWith(friend + " ", StringComparison.Ordinal)
            && sentence.TrimEnd('.').EndsWith(row.Answers[0], StringComparison.Ordinal));
    }

    [Fact]
    public void The_nano_model_finds_what_is_hidden_and_follows_variables()
    {
        Cli.Outcome outcome = Cli.Run(
            "eval", "ruler", "--model", NanoModelFile.Path, "--length", "512", "--samples", "3", "--tasks", "niah_single_2,vt", "--cache", "full",
            "--threads", "1", "--json");
        Assert.All(outcome.Json().GetProperty("tasks").EnumerateArray(), task => Assert.InRange(task.GetProperty("score").GetDouble(), 90, 100));
    }

    private DataRow Create(string task, int length) =>
        RulerTexts.Create(_model.Tokenizer, new RulerOptions { Tasks = [task], Length = length, Samples = 1, Seed = 1, Language = new NanoRulerLanguage() })[0];
}
