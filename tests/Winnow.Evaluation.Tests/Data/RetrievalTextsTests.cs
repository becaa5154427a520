namespace Winnow.Evaluation.Tests.Data;

public sealed class RetrievalTextsTests
{
    [Fact]
    public void Every_text_states_its_answer_once_and_has_the_length_asked_for()
    {
        using TinyLlama tiny = new();
        IReadOnlyList<DataRow> rows = RetrievalTexts.Create(tiny.Model.Tokenizer, 3000, 5, seed: 1);
        Assert.Equal([("one_number", 5), ("one_of_six", 5), ("one_fact", 5)], rows.GroupBy(row => row.Task).Select(task => (task.Key, task.Count())));
        Assert.All(rows, row =>
        {
            Assert.Equal(2, row.Context.Split(Assert.Single(row.Answers)).Length);
            Assert.InRange(tiny.Model.Tokenizer.Encode(row.Context).Count, 2850, 3200);
            Assert.Equal(row.Task == "one_of_six" ? 6 : row.Task == "one_number" ? 1 : 0, row.Context.Split("The secret number of").Length - 1);
            Assert.DoesNotContain(row.Answers[0], row.Question + row.AnswerPrefix, StringComparison.Ordinal);
        });
    }

    [Fact]
    public void Answers_are_spread_over_the_depth_of_the_texts()
    {
        using TinyLlama tiny = new();
        double[] depths = [.. RetrievalTexts.Create(tiny.Model.Tokenizer, 3000, 4, seed: 2).Where(row => row.Task == "one_number")
            .Select(row => (double)row.Context.IndexOf(row.Answers[0], StringComparison.Ordinal) / row.Context.Length)];
        Assert.Equal(depths.Order(), depths);
        Assert.InRange(depths[0], 0, 0.25);
        Assert.InRange(depths[^1], 0.75, 1);
    }

    [Fact]
    public void The_seed_decides()
    {
        using TinyLlama tiny = new();
        string[] Texts(int seed) => [.. RetrievalTexts.Create(tiny.Model.Tokenizer, 500, 2, seed).Select(row => row.Context)];
        Assert.Equal(Texts(1), Texts(1));
        Assert.NotEqual(Texts(1), Texts(2));
    }

    [Theory]
    [InlineData(100, 1, "100 tokens")]
    [InlineData(500, 0, "0 texts")]
    public void What_cannot_be_made_is_named(int length, int samples, string words)
    {
        using TinyLlama tiny = new();
        WinnowException error = Assert.Throws<WinnowException>(() => RetrievalTexts.Create(tiny.Model.Tokenizer, length, samples, 1));
        Assert.Contains(words, error.Message, StringComparison.Ordinal);
    }
}
