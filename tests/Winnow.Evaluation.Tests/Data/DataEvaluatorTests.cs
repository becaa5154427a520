using Winnow.Caching;
using Winnow.Decoding;

namespace Winnow.Evaluation.Tests.Data;

public sealed class DataEvaluatorTests : IDisposable
{
    private readonly TinyLlama _tiny = new();

    public void Dispose() => _tiny.Dispose();

    [Fact]
    public void Right_answers_are_counted_for_each_task()
    {
        DataRow[] rows = [Row("a", "x"), Row("a", "y"), Row("b", "z")];
        string[] outputs = [.. rows.Select(Output)];
        // The random model's own output is the right answer of two rows; nothing it can write is that of the third.
        rows = [rows[0] with { Answers = [outputs[0]] }, rows[1] with { Answers = ["no such output \u2603"] }, rows[2] with { Answers = [outputs[2]] }];
        DataResult result = Assert.Single(DataEvaluator.Run(_tiny.Model, rows, Options("full", "100%") with { QuestionAware = true }));
        Assert.Equal([new TaskScore("a", 1, 2), new TaskScore("b", 1, 1)], result.Tasks);
        Assert.Equal(50, result.Tasks[0].Score);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Bytes_are_those_of_the_compressed_cache(bool questionAware)
    {
        DataRow[] rows = [Row("a", new string('x', 800))];
        DataResult[] results = [.. DataEvaluator.Run(_tiny.Model, rows, new DataOptions
        {
            Entries = [new ComparisonEntry("full", Budget.Unlimited), new ComparisonEntry("snapkv", Budget.Parse("25%"))],
            QuestionAware = questionAware,
        })];
        Assert.Equal(["full", "snapkv"], results.Select(result => result.Policy));
        Assert.InRange(results[1].KvBytes, 1, results[0].KvBytes / 2);
    }

    [Fact]
    public void Without_sight_of_the_question_a_policy_keeps_what_the_text_alone_tells()
    {
        // The same text with two questions: compressed alone, the text's entries are the same.
        DataRow row = Row("a", new string('k', 400) + " middle " + new string('j', 400));
        PromptRenderer renderer = new(_tiny.Model.Tokenizer, raw: false);
        PromptTokens first = renderer.EncodePrompt(null, row.Context, "one?", ""), second = renderer.EncodePrompt(null, row.Context, "two?", "");
        Assert.Equal(first.Tokens[..^first.QuestionTokens], second.Tokens[..^second.QuestionTokens]);
        Assert.NotEqual(first.Tokens, second.Tokens);
    }

    [Fact]
    public void A_cancelled_run_returns_what_is_complete()
    {
        using CancellationTokenSource source = new();
        DataRow[] rows = [Row("a", "x"), Row("a", "y")];
        DataOptions options = new() { Entries = [new ComparisonEntry("full", Budget.Unlimited), new ComparisonEntry("h2o", Budget.Parse("50%"))] };
        List<DataResult> results = [];
        foreach (DataResult result in DataEvaluator.Run(_tiny.Model, rows, options, cancellation: source.Token))
        {
            results.Add(result);
            source.Cancel();
        }

        Assert.Equal("full", Assert.Single(results).Policy);
    }

    [Fact]
    public void An_unknown_policy_is_refused_before_any_row()
    {
        Recorder recorder = new();
        Assert.Throws<WinnowException>(() => DataEvaluator.Run(_tiny.Model, [Row("a", "x")], Options("h3o", "50%"), recorder).ToArray());
        Assert.Empty(recorder.Reports);
    }

    private static DataRow Row(string task, string context) =>
        new() { Task = task, Context = context, Question = "what?", AnswerPrefix = "it is", Answers = ["?"], MaxNewTokens = 6 };

    private static DataOptions Options(string policy, string keep) => new() { Entries = [new ComparisonEntry(policy, Budget.Parse(keep))] };

    private string Output(DataRow row)
    {
        using Sequence sequence = _tiny.Model.CreateSequence();
        sequence.Prefill(new PromptRenderer(_tiny.Model.Tokenizer, raw: false).EncodePrompt(null, row.Context, row.Question, row.AnswerPrefix).Tokens);
        return string.Concat(TextGenerator.Generate(_tiny.Model, sequence, new GenerationOptions { MaxTokens = row.MaxNewTokens }).Select(token => token.Text));
    }
}
