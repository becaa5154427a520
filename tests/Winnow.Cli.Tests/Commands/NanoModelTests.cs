namespace Winnow.Cli.Tests.Commands;

/// <summary>The model that comes with the program, and the command that makes such models.</summary>
public sealed class NanoModelTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void It_is_small_and_lies_beside_the_program() => Assert.InRange(new FileInfo(NanoModelFile.Path).Length, 1, 12_000_000);

    [Theory]
    [InlineData("What is the secret code of lantern?", "4719")]
    [InlineData("What is the secret code of anchor?", "8032")]
    [InlineData("What is violin?", "maple")]
    [InlineData("Which number is kettle?", "35")]
    public void It_answers_over_its_sample_document(string question, string answer)
    {
        using LanguageModel model = LanguageModel.Load(NanoModelFile.Path, new ModelOptions { Threads = 1 });
        string document = Path.Combine(_folder.Path, "document.txt");
        File.WriteAllText(document, SampleDocument.For(model).Read());
        Cli.Outcome outcome = Cli.Run("run", "--model", NanoModelFile.Path, "--file", document, "--question", question, "--threads", "1");
        Assert.Equal(0, outcome.Code);
        Assert.Contains(answer, outcome.Out, StringComparison.Ordinal);
    }

    [Fact]
    public void Its_questions_are_counted()
    {
        Cli.Outcome outcome = Cli.Run("eval", "nano", "--model", NanoModelFile.Path, "--tasks", "kv,needle", "--length", "256", "--samples", "4", "--json");
        Assert.All(outcome.Json().EnumerateArray(), score => Assert.InRange(score.GetProperty("right").GetInt32(), 3, 4));
    }

    [Fact]
    public void A_short_training_run_gives_a_model_that_can_be_loaded()
    {
        string folder = Path.Combine(_folder.Path, "run");
        Cli.Outcome outcome = Cli.Run("train", "nano", "--steps", "1", "--output", folder, "--json");
        Assert.Equal(0, outcome.Code);
        Assert.True(outcome.Parse().GetProperty("finished").GetBoolean());
        using LanguageModel model = LanguageModel.Load(outcome.Parse().GetProperty("path").GetString()!, new ModelOptions { Threads = 1 });
        Assert.Equal(4, model.Model.Config.Layers);
    }

    [Theory]
    [InlineData("--minutes is 0; it must be a number above 0", "train", "nano", "--minutes", "0")]
    [InlineData("there is no checkpoint to resume", "train", "nano", "--resume", "--output", "no-such-run")]
    [InlineData("there is no task 'juggle'", "eval", "nano", "--tasks", "juggle")]
    public void What_cannot_work_is_refused_in_one_line(string sentence, params string[] args) =>
        Assert.Contains(sentence, Cli.Run(args).Refusal(), StringComparison.Ordinal);
}
