using System.Text.Json;

namespace Winnow.Cli.Tests.Commands;

/// <summary>Commands on a model of random weights: what they print and count, not what it means.</summary>
public sealed class TinyModelTests : IDisposable
{
    private const string Document = "The keeper wrote the log every night, and every night the lamp was lit at dusk and put out at dawn. ";

    private readonly TinyLlamaFile _model = new();
    private readonly TempFolder _folder = new();

    private string Text => _folder.File("document.txt", System.Text.Encoding.UTF8.GetBytes(string.Concat(Enumerable.Repeat(Document, 6))));

    public void Dispose()
    {
        _model.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public void Run_gives_the_fields_of_the_contract_in_one_object()
    {
        JsonElement json = Cli.Run("run", "--model", _model.Path, "--raw", "--prompt", "abcdef", "--max-tokens", "5", "--json").Json();
        Assert.Equal(
            ["text", "tokens", "prompt_tokens", "kept_entries", "kv_bytes", "kv_bytes_full", "prefill_tokens_per_s", "decode_tokens_per_s"],
            json.EnumerateObject().Select(property => property.Name));
        Assert.Equal(5, json.GetProperty("tokens").GetArrayLength());
        Assert.Equal(json.GetProperty("kv_bytes_full").GetInt64(), json.GetProperty("kv_bytes").GetInt64());
        Assert.Equal(json.GetProperty("prompt_tokens").GetInt32() + 4, json.GetProperty("kept_entries").GetDouble());
    }

    [Fact]
    public void Log_probabilities_rank_the_chosen_token_first_when_drawing_is_greedy()
    {
        JsonElement json = Cli.Run("run", "--model", _model.Path, "--prompt", "abc", "--max-tokens", "3", "--logprobs", "2", "--json").Json();
        JsonElement[] ranked = [.. json.GetProperty("logprobs").EnumerateArray()];
        Assert.Equal(json.GetProperty("tokens").EnumerateArray().Select(id => id.GetInt32()), ranked.Select(each => each.GetProperty("token").GetInt32()));
        Assert.All(ranked, each =>
        {
            Assert.Equal(2, each.GetProperty("top").GetArrayLength());
            Assert.Equal(each.GetProperty("token").GetInt32(), each.GetProperty("top")[0].GetProperty("token").GetInt32());
            Assert.True(each.GetProperty("logprob").GetDouble() <= 0);
            Assert.True(each.GetProperty("top")[0].GetProperty("logprob").GetDouble() >= each.GetProperty("top")[1].GetProperty("logprob").GetDouble());
        });
    }

    [Fact]
    public void A_policy_keeps_its_share_of_the_prompt()
    {
        JsonElement json = Cli.Run(
            "run", "--model", _model.Path, "--file", Text, "--prompt", "?", "--cache", "snapkv", "--keep", "25%", "--max-tokens", "1", "--json").Json();
        Assert.Equal(json.GetProperty("prompt_tokens").GetInt32() / 4, json.GetProperty("kept_entries").GetDouble());
        Assert.True(json.GetProperty("kv_bytes").GetInt64() * 3 < json.GetProperty("kv_bytes_full").GetInt64());
    }

    [Fact]
    public void A_document_comes_before_the_prompt_after_an_empty_line_wherever_both_come_from()
    {
        string question = _folder.File("question.txt", "why?"u8);
        string document = _folder.File("small.txt", "text\n"u8);
        string joined = Tokens(null, "--prompt", "text\n\nwhy?");
        Assert.Equal(joined, Tokens(null, "--file", document, "--prompt", "why?"));
        Assert.Equal(joined, Tokens(null, "--file", document, "--prompt-file", question));
        Assert.Equal(joined, Tokens("text\n", "--prompt", "why?"));
        Assert.Equal(joined, Tokens("why?\n", "--file", document));
        Assert.Equal(joined, Tokens("text\n", "--file", "-", "--prompt", "why?"));
        Assert.Equal(joined, Tokens("text\n\nwhy?\n"));
        Assert.NotEqual(joined, Tokens(null, "--prompt", "why?"));
    }

    [Fact]
    public void Without_a_text_nothing_runs() =>
        Assert.Contains("there is no text", Cli.Run("run", "--model", _model.Path).Refusal(), StringComparison.Ordinal);

    [Fact]
    public void The_model_may_come_from_the_environment_and_an_option_wins()
    {
        Cli.Surroundings named = new() { Variables = { ["WINNOW_MODEL"] = _model.Path } };
        Assert.Equal("llama", Cli.Run(named, "inspect", "--json").Json().GetProperty("architecture").GetString());
        Assert.Contains("nowhere.gguf", Cli.Run(named, "inspect", "--model", "nowhere.gguf").Refusal(), StringComparison.Ordinal);
    }

    [Fact]
    public void Ctrl_C_keeps_the_answer_so_far_with_its_figures_and_exits_with_130()
    {
        string[] args = ["run", "--model", _model.Path, "--prompt", "abc", "--max-tokens", "500", "--seed", "4", "--temperature", "1"];
        Cli.Outcome stopped = Cli.Run(new Cli.Surroundings(StopAfterWrites: 6), args);
        Assert.Equal(130, stopped.Code);
        Assert.Contains("stopped", stopped.Error, StringComparison.Ordinal);
        Assert.Contains("6 written", stopped.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void Statistics_go_to_the_error_stream_and_only_the_answer_to_the_output()
    {
        Cli.Outcome outcome = Cli.Run("run", "--model", _model.Path, "--prompt", "abc", "--max-tokens", "4");
        string text = Cli.Run("run", "--model", _model.Path, "--prompt", "abc", "--max-tokens", "4", "--json").Json().GetProperty("text").GetString()!;
        Assert.Equal(text.EndsWith('\n') ? text : text + Environment.NewLine, outcome.Out);
        Assert.Contains("4 written", outcome.Error, StringComparison.Ordinal);
        Assert.DoesNotContain('\u001b', outcome.Error);
    }

    [Fact]
    public void A_second_turn_of_a_chat_reads_only_what_is_new()
    {
        JsonElement[] turns = Chat("first message, which is rather long\nsecond\n");
        Assert.Equal(2, turns.Length);
        Assert.True(Prompt(turns[1]) < Prompt(turns[0]));
        // Two line feeds before the message, and the answer's last token, which had been drawn but not read.
        Assert.InRange(Prompt(turns[1]), "second".Length, "second".Length + 5);
    }

    [Fact]
    public void Clearing_a_chat_forgets_and_leaving_it_ends()
    {
        JsonElement[] turns = Chat("hello\n/clear\nhello\n/exit\nnever read\n");
        Assert.Equal(2, turns.Length);
        Assert.Equal(Answer(turns[0]), Answer(turns[1]));
        Assert.Equal(Prompt(turns[0]), Prompt(turns[1]));
    }

    [Fact]
    public void Chat_commands_answer_on_the_error_stream()
    {
        Cli.Outcome outcome = Cli.Run(new Cli.Surroundings("/stats\n/help\n/dance\n"), "chat", "--model", _model.Path);
        Assert.Equal((0, ""), (outcome.Code, outcome.Out));
        Assert.Contains("nothing has been answered yet", outcome.Error, StringComparison.Ordinal);
        Assert.Contains("there is no command /dance", outcome.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void Tokenize_gives_ids_and_pieces_of_the_same_number()
    {
        JsonElement json = Cli.Run("tokenize", "--model", _model.Path, "--prompt", "héllo", "--json").Json();
        Assert.Equal(["ids", "tokens"], json.EnumerateObject().Select(property => property.Name));
        Assert.Equal(json.GetProperty("ids").GetArrayLength(), json.GetProperty("tokens").GetArrayLength());
        Assert.Equal("<0x68>", json.GetProperty("tokens")[1].GetString());
    }

    [Fact]
    public void Inspect_lists_tensors_and_keys_on_demand()
    {
        JsonElement brief = Cli.Run("inspect", _model.Path, "--json").Json();
        Assert.False(brief.TryGetProperty("tensors", out _));
        Assert.Equal(TinyLlamaFile.Layers, brief.GetProperty("sizes").GetProperty("layers").GetInt32());
        JsonElement full = Cli.Run("inspect", _model.Path, "--tensors", "--metadata", "--json").Json();
        Assert.Equal(brief.GetProperty("tensors_by_type")[0].GetProperty("count").GetInt32(), full.GetProperty("tensors").GetArrayLength());
        Assert.Equal("llama", full.GetProperty("metadata").GetProperty("general.architecture").GetString());
        Assert.Contains("token_embd.weight", Cli.Run("inspect", _model.Path, "--tensors").Out, StringComparison.Ordinal);
    }

    [Fact]
    public void Perplexity_scores_the_second_half_of_each_window()
    {
        JsonElement json = Cli.Run("perplexity", "--model", _model.Path, "--file", Text, "--context", "64", "--windows", "2", "--json").Json();
        Assert.Equal(2 * 31, json.GetProperty("tokens").GetInt32());
        Assert.True(json.GetProperty("perplexity").GetDouble() > 1);
        Assert.True(json.GetProperty("kv_bytes").GetInt64() > 0);
        JsonElement guided = Cli.Run("perplexity", "--model", _model.Path, "--file", Text, "--context", "64", "--windows", "2", "--cache", "streaming-llm",
            "--keep", "100%", "--json").Json();
        Assert.Equal(json.GetProperty("perplexity").GetDouble(), guided.GetProperty("perplexity").GetDouble(), 1e-4);
    }

    [Fact]
    public void Bench_reports_every_depth_with_machine_and_spread()
    {
        JsonElement json = Cli.Run(
            "bench", "--model", _model.Path, "--prompt-tokens", "16", "--gen-tokens", "4", "--depth", "0,32", "--runs", "2", "--cache-type", "Q8_0:q4_0",
            "--sequences", "3", "--json").Json();
        JsonElement[] rows = [.. json.GetProperty("results").EnumerateArray()];
        Assert.Equal([0, 32], rows.Select(row => row.GetProperty("depth").GetInt32()));
        Assert.All(rows, row => Assert.True(row.GetProperty("decode_tokens_per_s").GetDouble() > 0 && row.GetProperty("bytes_per_token").GetInt64() > 0));
        Assert.All(rows, row => Assert.Equal((2, 3), (row.GetProperty("runs").GetInt32(), row.GetProperty("sequences").GetInt32())));
        Assert.Equal("q8_0:q4_0", json.GetProperty("cache_type").GetString());
        Assert.NotEqual("", json.GetProperty("machine").GetProperty("cpu").GetString());
    }

    [Theory]
    [InlineData(16)]
    [InlineData(8, "--activations", "8")]
    [InlineData(32, "--float-activations")]
    public void Bench_says_the_bits_of_activations(int bits, params string[] options)
    {
        string[] args = ["bench", "--model", _model.Path, "--prompt-tokens", "8", "--gen-tokens", "1", "--runs", "1", .. options];
        Assert.Equal(bits, Cli.Run([.. args, "--json"]).Json().GetProperty("activations").GetInt32());
        Assert.Equal(bits != 16, Cli.Run(args).Out.Contains($"{bits}-bit activations", StringComparison.Ordinal));
    }

    [Fact]
    public void Two_kinds_of_activations_are_refused()
    {
        Cli.Outcome outcome = Cli.Run("bench", "--model", _model.Path, "--activations", "8", "--float-activations");
        Assert.Equal(2, outcome.Code);
        Assert.Contains("--activations is 8, but --float-activations asks for 32 bits", outcome.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void Bench_waits_for_a_line_before_each_run_when_asked()
    {
        Cli.Outcome outcome = Cli.Run(
            new Cli.Surroundings("\n\n\n"), "bench", "--model", _model.Path, "--prompt-tokens", "8", "--gen-tokens", "3", "--runs", "2", "--step", "--json");
        Assert.Equal(
            ["prefill 0 of 2", "prefill 1 of 2", "prefill 2 of 2", "decode 0 of 2", "decode 1 of 2", "decode 2 of 2"],
            outcome.Error.Split('\n', StringSplitOptions.RemoveEmptyEntries));
        JsonElement row = outcome.Parse().GetProperty("results")[0];
        Assert.Equal((2, 2), (row.GetProperty("prefill_runs").GetArrayLength(), row.GetProperty("decode_runs").GetArrayLength()));
    }

    [Fact]
    public void Bench_measures_memory_without_a_model()
    {
        string[] args = ["bench", "--bandwidth", "1,2", "--threads", "2", "--runs", "1"];
        JsonElement[] rows = [.. Cli.Run([.. args, "--json"]).Json().GetProperty("results").EnumerateArray()];
        Assert.Equal([1L << 20, 2L << 20], rows.Select(row => row.GetProperty("bytes").GetInt64()));
        Assert.All(rows, row => Assert.True(row.GetProperty("gb_per_s").GetDouble() > 0));
        Assert.Contains("GB/s", Cli.Run(args).Out, StringComparison.Ordinal);
    }

    [Fact]
    public void Bench_shows_a_long_decoding_in_stretches_when_asked()
    {
        string[] args = ["bench", "--model", _model.Path, "--prompt-tokens", "8", "--gen-tokens", "10", "--runs", "1", "--every", "5"];
        JsonElement row = Cli.Run([.. args, "--json"]).Json().GetProperty("results")[0];
        Assert.Equal([5, 10], row.GetProperty("windows").EnumerateArray().Select(window => window.GetProperty("tokens").GetInt32()));
        Assert.Contains("the last run at depth 0", Cli.Run(args).Out, StringComparison.Ordinal);
    }

    [Fact]
    public void A_question_is_a_prompt_by_another_name_and_both_together_are_refused()
    {
        Assert.Equal(Tokens(null, "--file", Text, "--prompt", "Who?"), Tokens(null, "--file", Text, "--question", "Who?"));
        Assert.Contains(
            "keep one of them", Cli.Run("run", "--model", _model.Path, "--prompt", "a", "--question", "b").Refusal(), StringComparison.Ordinal);
    }

    [Fact]
    public void Compare_runs_every_policy_at_every_budget_and_writes_table_file_and_plot()
    {
        string output = Path.Combine(_folder.Path, "compare.json"), plot = Path.Combine(_folder.Path, "compare.png");
        string[] args = ["compare", "--model", _model.Path, "--file", Text, "--prompt", "?", "--max-tokens", "4", "--keep", "50%,25%", "--output", output,
            "--plot", plot];
        Cli.Outcome table = Cli.Run(args);
        Assert.Equal(0, table.Code);
        Assert.Contains("streaming-llm", table.Out, StringComparison.Ordinal);
        using JsonDocument saved = JsonDocument.Parse(File.ReadAllText(output));
        JsonElement[] rows = [.. saved.RootElement.GetProperty("rows").EnumerateArray()];
        int policies = Winnow.Caching.PolicyCatalogue.All.Count;
        Assert.Equal(1 + 2 * (policies - 1), rows.Length);
        Assert.Equal("full", rows[0].GetProperty("cache").GetString());
        Assert.Equal(1, rows[0].GetProperty("agreement_top1").GetDouble());
        Assert.Equal([0x89, (byte)'P', (byte)'N', (byte)'G'], File.ReadAllBytes(plot)[..4]);
    }

    [Fact]
    public void Without_a_document_the_sample_is_compared_and_is_too_long_for_this_model() =>
        Assert.Contains("are more than the model's window of 2048", Cli.Run("compare", "--model", _model.Path).Refusal(), StringComparison.Ordinal);

    private string Tokens(string? input, params string[] args) =>
        Cli.Run(new Cli.Surroundings(input), ["run", "--model", _model.Path, "--max-tokens", "6", "--json", .. args]).Json().GetProperty("tokens").GetRawText();

    private JsonElement[] Chat(string lines) =>
        [.. Cli.Run(new Cli.Surroundings(lines), "chat", "--model", _model.Path, "--max-tokens", "6", "--json").Parse().GetProperty("turns").EnumerateArray()];

    private static int Prompt(JsonElement turn) => turn.GetProperty("answer").GetProperty("prompt_tokens").GetInt32();

    private static string Answer(JsonElement turn) => turn.GetProperty("answer").GetProperty("text").GetString()!;
}
