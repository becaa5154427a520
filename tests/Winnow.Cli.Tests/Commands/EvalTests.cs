using System.Text.Json;

namespace Winnow.Cli.Tests.Commands;

/// <summary>Evaluations on a model of random weights: what they print, write and refuse, not what it means.</summary>
public sealed class EvalTests : IDisposable
{
    private readonly TinyLlamaFile _model = new();
    private readonly TempFolder _folder = new();

    public void Dispose()
    {
        _model.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public void Eval_counts_right_answers_of_every_policy_and_budget()
    {
        string data = Path.Combine(_folder.Path, "rows.jsonl"), output = Path.Combine(_folder.Path, "eval.json");
        Assert.Contains("wrote", Cli.Run("eval", "retrieval", "--model", _model.Path, "--length", "400", "--samples", "2", "--write", data).Error,
            StringComparison.Ordinal);
        string[] args = ["eval", "file", "--model", _model.Path, "--data", data, "--limit-per-task", "1", "--cache", "full,h2o,adakv(snapkv)", "--keep",
            "50%,25%"];
        JsonElement[] sweep = [.. Cli.Run([.. args, "--json"]).Json().EnumerateArray()];
        Assert.Equal(
            ["full 100%", "h2o 50%", "h2o 25%", "adakv(snapkv) 50%", "adakv(snapkv) 25%"],
            sweep.Select(row => $"{row.GetProperty("cache").GetString()} {row.GetProperty("keep").GetString()}"));
        Assert.All(sweep, row => Assert.Equal([1, 1, 1], row.GetProperty("tasks").EnumerateArray().Select(task => task.GetProperty("samples").GetInt32())));
        Cli.Outcome table = Cli.Run([.. args, "--question-aware", "--output", output]);
        Assert.Contains("one_of_six", table.Out, StringComparison.Ordinal);
        Assert.True(File.Exists(output));
        JsonElement single = Cli.Run("eval", "file", "--model", _model.Path, "--data", data, "--cache", "knorm", "--json").Json();
        Assert.Equal(["tasks", "cache", "keep", "kv_bytes"], single.EnumerateObject().Select(property => property.Name));
    }

    [Fact]
    public void Eval_names_the_line_of_the_data_that_is_wrong()
    {
        string data = _folder.File("rows.jsonl", "{}"u8.ToArray());
        Assert.Contains("line 1: the row has no text 'task'", Cli.Run("eval", "file", "--model", _model.Path, "--data", data).Refusal(),
            StringComparison.Ordinal);
        Assert.Contains("missing.jsonl", Cli.Run("eval", "file", "--model", _model.Path, "--data", "missing.jsonl").Refusal(), StringComparison.Ordinal);
    }

    [Fact]
    public void Ruler_runs_the_tasks_that_are_named_under_every_policy_and_budget()
    {
        JsonElement[] sweep = [.. Ruler("--cache", "all", "--keep", "50%,10%", "--json").Json().EnumerateArray()];
        Assert.Equal(1 + 2 * (Winnow.Caching.PolicyCatalogue.All.Count - 1), sweep.Length);
        Assert.All(sweep, row => Assert.Equal(["niah_single_1", "qa_1"],
            row.GetProperty("tasks").EnumerateArray().Select(task => task.GetProperty("task").GetString())));
        JsonElement task = sweep[0].GetProperty("tasks")[0];
        Assert.Equal(["task", "score", "samples", "interval"], task.EnumerateObject().Select(property => property.Name));
        Assert.Equal(2, task.GetProperty("samples").GetInt32());
        Assert.InRange(task.GetProperty("score").GetDouble(), task.GetProperty("interval")[0].GetDouble(), task.GetProperty("interval")[1].GetDouble());
    }

    [Fact]
    public void A_sweep_becomes_a_table_a_picture_and_a_page_that_names_no_folder()
    {
        string plot = Path.Combine(_folder.Path, "ruler.png"), page = Path.Combine(_folder.Path, "ruler.md");
        Cli.Outcome outcome = Ruler("--cache", "full,h2o,adakv(snapkv)", "--keep", "25%", "--parallel", "2", "--plot", plot, "--page", page);
        Assert.Equal(0, outcome.Code);
        Assert.Contains("niah_single_1", outcome.Out, StringComparison.Ordinal);
        Assert.Equal([0x89, (byte)'P', (byte)'N', (byte)'G'], File.ReadAllBytes(plot)[..4]);
        string text = File.ReadAllText(page);
        Assert.Contains("# RULER on tiny", text, StringComparison.Ordinal);
        Assert.Contains("![The scores](ruler.png)", text, StringComparison.Ordinal);
        Assert.Contains("winnow eval ruler --model tiny.gguf --length 1400 --samples 2", text, StringComparison.Ordinal);
        Assert.Contains("'full,h2o,adakv(snapkv)' --keep 25% --parallel 2 --plot ruler.png --page ruler.md", text, StringComparison.Ordinal);
        Assert.DoesNotContain(_folder.Path, text, StringComparison.Ordinal);
    }

    [Fact]
    public void A_journal_is_gone_on_with_and_refused_for_another_configuration()
    {
        string journal = Path.Combine(_folder.Path, "sweep.journal");
        string first = Ruler("--cache", "h2o", "--journal", journal).Out;
        long written = new FileInfo(journal).Length;
        Cli.Outcome again = Ruler("--cache", "h2o", "--journal", journal);
        Assert.Equal((0, first, written), (again.Code, again.Out, new FileInfo(journal).Length));
        Assert.Contains("4 rows are done already", again.Error, StringComparison.Ordinal);
        Assert.Equal(0, Ruler("--cache", "h2o,snapkv", "--keep", "50%,25%", "--journal", journal).Code);
        Assert.True(new FileInfo(journal).Length > written);
        Assert.Contains("another configuration: --question-aware was no, and is yes now",
            Ruler("--cache", "h2o", "--journal", journal, "--question-aware").Refusal(), StringComparison.Ordinal);
        Assert.Contains("--seed was 0, and is 4 now", Ruler("--cache", "h2o", "--journal", journal, "--seed", "4").Refusal(), StringComparison.Ordinal);
        Assert.Contains(
            "the command was eval ruler, and is eval needle now",
            Cli.Run("eval", "needle", "--model", _model.Path, "--length", "900", "--cache", "h2o", "--journal", journal).Refusal(), StringComparison.Ordinal);
    }

    [Fact]
    public void Needles_are_mapped_in_the_terminal_in_JSON_in_a_picture_and_on_a_page()
    {
        string plot = Path.Combine(_folder.Path, "needle.png"), page = Path.Combine(_folder.Path, "needle.md");
        string[] args = ["eval", "needle", "--model", _model.Path, "--length", "800,1200", "--depth", "0,50,100", "--samples", "1", "--cache", "full,snapkv"];
        Cli.Outcome table = Cli.Run([.. args, "--plot", plot, "--page", page]);
        Assert.Contains("snapkv 25%: needles found", string.Join(' ', table.Out.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)),
            StringComparison.Ordinal);
        Assert.Equal([0x89, (byte)'P', (byte)'N', (byte)'G'], File.ReadAllBytes(plot)[..4]);
        Assert.Contains("| depth | 800 | 1,200 |", File.ReadAllText(page), StringComparison.Ordinal);
        JsonElement first = Cli.Run([.. args, "--json"]).Json()[0];
        Assert.Equal(["needle_800", "needle_1200"], first.GetProperty("tasks").EnumerateArray().Select(task => task.GetProperty("task").GetString()));
        Assert.Equal(
            [(800, 0.0), (1200, 0.0), (800, 50.0), (1200, 50.0), (800, 100.0), (1200, 100.0)],
            first.GetProperty("cells").EnumerateArray().Select(cell => (cell.GetProperty("length").GetInt32(), cell.GetProperty("depth").GetDouble())));
    }

    [Fact]
    public void Agreement_is_measured_on_any_text()
    {
        string text = _folder.File("text.txt",
            System.Text.Encoding.UTF8.GetBytes(string.Concat(Enumerable.Range(0, 200).Select(i => $"Line {i} of the text.\n"))));
        string[] args = ["eval", "agreement", "--model", _model.Path, "--file", text, "--prompt-tokens", "300", "--gen-tokens", "20", "--cache", "full,h2o"];
        JsonElement[] sweep = [.. Cli.Run([.. args, "--json"]).Json().EnumerateArray()];
        Assert.Equal(["agreement_top1", "kl_divergence"], sweep[0].GetProperty("tasks").EnumerateArray().Select(task => task.GetProperty("task").GetString()));
        Assert.Equal((100, 0), (sweep[0].GetProperty("tasks")[0].GetProperty("score").GetDouble(),
            sweep[0].GetProperty("tasks")[1].GetProperty("score").GetDouble()));
        Assert.True(sweep[1].GetProperty("tasks")[1].GetProperty("score").GetDouble() > 0);
        Assert.Contains("kl_divergence", Cli.Run(args).Out, StringComparison.Ordinal);
        Assert.Contains("fewer than one passage of 1020",
            Cli.Run("eval", "agreement", "--model", _model.Path, "--file", _folder.File("s.txt", "short"u8), "--prompt-tokens", "1000", "--gen-tokens",
                "20").Refusal(), StringComparison.Ordinal);
    }

    [Fact]
    public void LongBench_is_read_from_the_folder_that_is_named()
    {
        _folder.File("lb/hotpotqa.jsonl", "{\"input\":\"Who?\",\"context\":\"Somebody.\",\"answers\":[\"Somebody\"],\"all_classes\":null}\n"u8);
        _folder.File(
            "lb/trec.jsonl",
            """{"input":"Question: Who?\nType:","context":"Question: When?\nType: Date","answers":["Person"],"all_classes":["Date","Person"]}"""u8);
        string[] args = ["eval", "longbench", "--model", _model.Path, "--data", Path.Combine(_folder.Path, "lb"), "--cache", "snapkv"];
        JsonElement json = Cli.Run([.. args, "--json"]).Json();
        Assert.Equal(["hotpotqa", "trec"], json.GetProperty("tasks").EnumerateArray().Select(task => task.GetProperty("task").GetString()));
        Assert.Contains("there is no LongBench task 'trek'", Cli.Run([.. args, "--tasks", "trek"]).Refusal(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("there is no RULER task 'vtt'", "ruler", "--tasks", "vtt")]
    [InlineData("leaves no room for an answer in the model's window of 2048", "ruler", "--tasks", "niah_single_1", "--length", "3000")]
    [InlineData("a depth of 120 %", "needle", "--depth", "120")]
    [InlineData("there is no folder", "ruler", "--page", "no-such-folder/page.md")]
    [InlineData("option --parallel is '99'", "ruler", "--parallel", "99")]
    [InlineData("see 'winnow eval ruler --help'", "ruler", "--loud")]
    public void What_cannot_be_evaluated_is_refused_in_one_line(string words, string command, params string[] args) =>
        Assert.Contains(words, Cli.Run(["eval", command, "--model", _model.Path, .. args]).Refusal(), StringComparison.Ordinal);

    [Theory]
    [InlineData("ruler")]
    [InlineData("needle")]
    [InlineData("file")]
    [InlineData("retrieval")]
    [InlineData("agreement")]
    [InlineData("longbench")]
    public void The_help_of_each_evaluation_shows_its_options_and_examples(string command)
    {
        Cli.Outcome outcome = Cli.Run("eval", command, "--help");
        Assert.Equal((0, ""), (outcome.Code, outcome.Error));
        Assert.All(["--cache", "--keep", "--journal", "--resume", "--parallel", "--plot", "--page", "--json"], option =>
            Assert.Contains(option, outcome.Out, StringComparison.Ordinal));
        Assert.Contains($"winnow eval {command}", outcome.Out, StringComparison.Ordinal);
    }

    private Cli.Outcome Ruler(params string[] args) =>
        Cli.Run(["eval", "ruler", "--model", _model.Path, "--length", "1400", "--samples", "2", "--tasks", "niah_single_1,qa_1", .. args]);
}
