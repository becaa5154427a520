using Winnow.Caching;
using static Winnow.Evaluation.Tests.Sweep.SweepTestData;

namespace Winnow.Evaluation.Tests.Data;

public sealed class QuestionWorkTests : IDisposable
{
    private readonly TinyLlama _tiny = new();

    public void Dispose() => _tiny.Dispose();

    [Fact]
    public void Right_answers_are_counted_for_each_task()
    {
        DataRow[] rows = [Row("a", "x"), Row("a", "y"), Row("b", "z")];
        string[] outputs = [.. rows.Select(row => Output(_tiny.Model, row))];
        // The random model's own output is the right answer of two rows; nothing it can write is that of the third.
        rows = [rows[0] with { Answers = [outputs[0]] }, rows[1] with { Answers = ["no such output \u2603"] }, rows[2] with { Answers = [outputs[2]] }];
        SweepResult result = Assert.Single(Run(rows, questionAware: true, ("full", "100%")));
        Assert.Equal([("a", 50.0, 2), ("b", 100.0, 1)], result.Tasks.Select(task => (task.Task, task.Score, task.Samples)));
        Assert.Equal(75, result.Mean);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Bytes_are_those_of_the_compressed_cache(bool questionAware)
    {
        IReadOnlyList<SweepResult> results = Run([Row("a", new string('x', 800))], questionAware, ("full", "100%"), ("snapkv", "25%"));
        Assert.Equal(["full", "snapkv"], results.Select(result => result.Policy));
        Assert.InRange(results[1].KvBytes, 1, results[0].KvBytes / 2);
    }

    [Fact]
    public void Without_sight_of_the_question_a_policy_keeps_what_the_text_alone_tells()
    {
        // The same text with two questions: compressed alone, the text's entries are the same.
        DataRow row = Row("a", new string('k', 400) + " middle " + new string('j', 400));
        Decoding.PromptRenderer renderer = new(_tiny.Model.Tokenizer, raw: false);
        Decoding.PromptTokens first = QuestionWork.Encode(renderer, row with { Question = "one?" }),
            second = QuestionWork.Encode(renderer, row with { Question = "two?" });
        Assert.Equal(first.Tokens[..^first.QuestionTokens], second.Tokens[..^second.QuestionTokens]);
        Assert.NotEqual(first.Tokens, second.Tokens);
    }

    [Fact]
    public void Questions_over_one_text_share_its_reading_and_are_answered_as_if_each_were_alone()
    {
        string text = string.Concat(Enumerable.Range(0, 60).Select(i => $"item {i} lies there. "));
        DataRow[] rows = [Row("a", text, "first?"), Row("a", text, "second?"), Row("a", text + "more", "third?")];
        QuestionWork together = new(_tiny.Model.Tokenizer, rows, questionAware: false);
        Assert.Equal([false, true, false], Enumerable.Range(0, 3).Select(together.Follows));
        foreach (string policy in PolicyCatalogue.All.Select(known => known.Name))
        {
            SweepOptions options = Options((policy, "25%"));
            RowOutcome[] shared = [.. SweepRunner.Run([_tiny.Model], together, options)[0].Rows];
            for (int i = 0; i < rows.Length; i++)
            {
                QuestionWork alone = new(_tiny.Model.Tokenizer, [rows[i]], questionAware: false);
                RowOutcome single = SweepRunner.Run([_tiny.Model], alone, options)[0].Rows[0];
                Assert.Equal((policy, single.KvBytes, single.Scores[0]), (policy, shared[i].KvBytes, shared[i].Scores[0]));
            }
        }
    }

    [Fact]
    public void An_output_that_has_all_points_is_not_written_to_its_end()
    {
        DataRow row = Row("a", "x") with { MaxNewTokens = 1000 };
        string output = Output(_tiny.Model, row with { MaxNewTokens = 3 });
        row = row with { Answers = [output] };
        Assert.True(row.Metric.IsSettled(output, row.Answers));
        Assert.False(row.Metric.IsSettled(output[..1], row.Answers));
        Assert.Equal(100, Run([row], questionAware: true, ("full", "100%"))[0].Mean);
    }

    [Fact]
    public void A_text_that_leaves_no_room_for_an_answer_is_refused_and_one_that_leaves_some_is_answered_within_it()
    {
        DataRow row = Row("long", new string('x', 2040)) with { MaxNewTokens = 500 };
        Assert.Contains(
            "row 1 (long) has 2057 tokens", Assert.Throws<WinnowException>(() => Run([row], true, ("full", "100%"))).Message, StringComparison.Ordinal);
        Assert.Single(Run([row with { Context = new string('x', 2030) }], true, ("full", "100%")));
    }

    [Fact]
    public void The_digest_tells_works_apart()
    {
        string Digest(DataRow row) => new QuestionWork(_tiny.Model.Tokenizer, [row], questionAware: false).Digest;
        DataRow row = Row("a", "x");
        Assert.Equal(Digest(row), Digest(Row("a", "x")));
        Assert.Equal(
            6, new[] { row, row with { Task = "b" }, row with { Context = "y" }, row with { Answers = ["!"] }, row with { MaxNewTokens = 7 },
                row with { Metric = AnswerMetric.AnyAnswer } }
                .Select(Digest).Distinct().Count());
    }

    private IReadOnlyList<SweepResult> Run(DataRow[] rows, bool questionAware, params (string, string)[] entries) =>
        SweepRunner.Run([_tiny.Model], new QuestionWork(_tiny.Model.Tokenizer, rows, questionAware), Options(entries));
}
