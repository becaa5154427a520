namespace Winnow.Evaluation.Tests.Data;

public sealed class DataFileTests : IDisposable
{
    private readonly string _path = Path.GetTempFileName();

    public void Dispose() => File.Delete(_path);

    [Fact]
    public void Rows_come_back_as_they_were_written()
    {
        DataRow[] rows =
        [
            new() { Task = "a", Context = "Text with \"quotes\" and ü.", Question = "Why?", AnswerPrefix = "Because", Answers = ["one", "two"],
                MaxNewTokens = 7 },
            new() { Task = "b", Context = "", Question = "Who?", Answers = ["x"], MaxNewTokens = 1 },
        ];
        DataFile.Write(_path, rows);
        Assert.Contains("ü", File.ReadAllText(_path), StringComparison.Ordinal);
        IReadOnlyList<DataRow> read = DataFile.Read(_path);
        Assert.Equal(rows.Select(row => row with { Answers = [] }), read.Select(row => row with { Answers = [] }));
        Assert.Equal(rows.SelectMany(row => row.Answers), read.SelectMany(row => row.Answers));
    }

    [Fact]
    public void A_single_answer_may_be_a_text_and_empty_lines_are_passed_over()
    {
        File.WriteAllText(_path, "\n{\"task\":\"t\",\"context\":\"c\",\"question\":\"q\",\"answer\":\"a\",\"max_new_tokens\":3}\n\n");
        DataRow row = Assert.Single(DataFile.Read(_path));
        Assert.Equal("a", Assert.Single(row.Answers));
        Assert.Equal("", row.AnswerPrefix);
    }

    [Theory]
    [InlineData("{", "line 2: this is no JSON")]
    [InlineData("[1]", "line 2: this is no JSON object")]
    [InlineData("{\"task\":\"t\",\"context\":\"c\",\"answer\":\"a\",\"max_new_tokens\":3}", "line 2: the row has no text 'question'")]
    [InlineData("{\"task\":\"t\",\"context\":\"c\",\"question\":\"q\",\"answer\":[],\"max_new_tokens\":3}", "line 2: 'answer' is an empty list")]
    [InlineData("{\"task\":\"t\",\"context\":\"c\",\"question\":\"q\",\"answer\":[1],\"max_new_tokens\":3}",
        "line 2: 'answer' must be a text or a list of texts")]
    [InlineData("{\"task\":\"t\",\"context\":\"c\",\"question\":\"q\",\"answer\":\"a\",\"max_new_tokens\":0}",
        "line 2: 'max_new_tokens' must be a whole number above 0")]
    public void A_broken_line_is_named_with_what_is_wrong(string line, string words)
    {
        File.WriteAllText(_path, "{\"task\":\"t\",\"context\":\"c\",\"question\":\"q\",\"answer\":\"a\",\"max_new_tokens\":3}\n" + line + "\n");
        Assert.Contains(words, Assert.Throws<WinnowException>(() => DataFile.Read(_path)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_without_rows_and_a_missing_file_are_refused()
    {
        Assert.Contains("holds no rows", Assert.Throws<WinnowException>(() => DataFile.Read(_path)).Message, StringComparison.Ordinal);
        Assert.Contains("missing.jsonl", Assert.Throws<WinnowException>(() => DataFile.Read(_path + "missing.jsonl")).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("It is PARIS.", true)]
    [InlineData("It is Paris and Rome.", true)]
    [InlineData("It is Rome.", false)]
    public void An_output_is_right_when_it_holds_every_answer_in_any_case(string output, bool right)
    {
        DataRow row = new() { Task = "t", Context = "", Question = "", Answers = ["paris"], MaxNewTokens = 1 };
        Assert.Equal(right, row.Score(output) == 1);
        Assert.False((row with { Answers = ["paris", "Oslo"] }).Score(output) == 1);
    }
}
