using System.Text;
using System.Text.Json.Nodes;
using Winnow.Decoding;

namespace Winnow.Evaluation.Tests.LongBench;

public sealed class LongBenchFolderTests : IDisposable
{
    private readonly TinyLlama _tiny = new();
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("winnow-longbench-");

    public static TheoryData<string> Tasks => [.. LongBenchTasks.Names];

    public void Dispose()
    {
        _tiny.Dispose();
        _folder.Delete(recursive: true);
    }

    [Fact]
    public void There_are_21_tasks() => Assert.Equal(21, LongBenchTasks.Names.Distinct().Count());

    [Theory]
    [MemberData(nameof(Tasks))]
    public void A_row_of_each_task_is_asked_and_its_own_answer_has_all_points(string task)
    {
        string answer = task switch
        {
            "passage_count" => "7",
            "passage_retrieval_en" => "Paragraph 12",
            "passage_retrieval_zh" => "段落12",
            "trec" or "lsht" => "Food",
            _ => "an answer",
        };
        Write(task, Row("where?", "The text.", [answer], ["Food", "Date"]));
        DataRow row = Assert.Single(Read());
        Assert.Equal(task, row.Task);
        Assert.EndsWith("\n\nThe text.", row.Context, StringComparison.Ordinal);
        Assert.Equal(1, row.Score(answer));
        Assert.Equal(0, row.Score("!"));
        Assert.True(row.MaxNewTokens is >= 32 and <= 512);
        if (task is not ("gov_report" or "multi_news" or "vcsum" or "passage_count"))
            Assert.Contains("where?", row.Question, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("hotpotqa", false)]
    [InlineData("trec", true)]
    [InlineData("samsum", true)]
    [InlineData("lcc", true)]
    public void Examples_and_code_go_without_a_chat_template(string task, bool plain)
    {
        Write(task, Row("", "text", ["a"], ["a"]));
        Assert.Equal(plain, Read()[0].Plain);
    }

    [Fact]
    public void The_middle_of_a_long_text_is_left_out_and_the_prompt_fits()
    {
        string text = "BEGIN " + new string('x', 5000) + string.Concat(Enumerable.Repeat("😀", 2500)) + " END";
        Write("qasper", Row("where?", text, ["here"]));
        DataRow row = Read(length: 1500)[0];
        int tokens = QuestionWork.Encode(new PromptRenderer(_tiny.Model.Tokenizer, raw: false), row).Tokens.Length + row.MaxNewTokens;
        Assert.InRange(tokens, 1000, 1500);
        Assert.Contains("BEGIN", row.Context, StringComparison.Ordinal);
        Assert.EndsWith("😀 END", row.Context, StringComparison.Ordinal);
        Assert.DoesNotContain('\uFFFD', Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(row.Context)));
        Assert.Contains("where?", row.Question, StringComparison.Ordinal);
        Write("qasper", Row("where?", "short", ["here"]));
        Assert.EndsWith("short", Read(length: 1500)[0].Context, StringComparison.Ordinal);
    }

    [Fact]
    public void Tasks_rows_and_the_evenly_distributed_half_can_be_chosen_and_other_files_are_passed_over()
    {
        Write("hotpotqa", Row("1", "c", ["a"]), Row("2", "c", ["a"]), Row("3", "c", ["a"]));
        Write("trec_e", Row("1", "c", ["a"], ["a"]));
        Write("notes", "no JSON");
        Assert.Equal(["hotpotqa", "hotpotqa", "hotpotqa", "trec_e"], Read().Select(row => row.Task));
        Assert.Equal(["hotpotqa", "hotpotqa", "trec_e"], Read(new LongBenchOptions { Length = 2000, LimitPerTask = 2 }).Select(row => row.Task));
        Assert.Equal(["trec_e"], Read(new LongBenchOptions { Length = 2000, Tasks = ["trec_e"] }).Select(row => row.Task));
    }

    [Fact]
    public void What_cannot_be_read_is_named()
    {
        Assert.Contains("holds no file of LongBench, such as narrativeqa.jsonl", Refusal(new LongBenchOptions { Length = 2000 }), StringComparison.Ordinal);
        Assert.Contains("there is no LongBench task 'trek'", Refusal(new LongBenchOptions { Length = 2000, Tasks = ["trek"] }), StringComparison.Ordinal);
        Assert.Contains("trec.jsonl: there is no such file", Refusal(new LongBenchOptions { Length = 2000, Tasks = ["trec"] }), StringComparison.Ordinal);
        Write("trec", "{\"input\":\"i\",\"context\":\"c\"}");
        Assert.Contains("line 1: 'answers' must be a text or a list of texts", Refusal(new LongBenchOptions { Length = 2000 }), StringComparison.Ordinal);
        Write("trec", Row("i", "c", ["a"], ["a"]));
        Assert.Contains("a question of trec and its answer have more than the 50 tokens", Refusal(new LongBenchOptions { Length = 50 }),
            StringComparison.Ordinal);
        Assert.Contains(
            "there is no such folder",
            Assert.Throws<WinnowException>(() =>
                LongBenchFolder.Read(Path.Combine(_folder.FullName, "missing"), _tiny.Model.Tokenizer, new LongBenchOptions { Length = 50 })).Message,
            StringComparison.Ordinal);
    }

    private string Refusal(LongBenchOptions options) => Assert.Throws<WinnowException>(() => Read(options)).Message;

    private IReadOnlyList<DataRow> Read(int length = 2000) => Read(new LongBenchOptions { Length = length });

    private IReadOnlyList<DataRow> Read(LongBenchOptions options) => LongBenchFolder.Read(_folder.FullName, _tiny.Model.Tokenizer, options);

    private void Write(string task, params string[] lines) => File.WriteAllLines(Path.Combine(_folder.FullName, task + ".jsonl"), lines);

    private static string Row(string input, string context, string[] answers, string[]? classes = null) => new JsonObject
    {
        ["input"] = input,
        ["context"] = context,
        ["answers"] = new JsonArray([.. answers.Select(answer => (JsonNode)answer)]),
        ["length"] = 2,
        ["dataset"] = "made here",
        ["language"] = "en",
        ["all_classes"] = classes is null ? null : new JsonArray([.. classes.Select(name => (JsonNode)name)]),
        ["_id"] = "0",
    }.ToJsonString();
}
