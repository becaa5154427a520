using System.Text.Json;
using Winnow.Caching.Spectral;

namespace Winnow.Cli.Tests.Commands;

public sealed class CalibrateFourierTests : IDisposable
{
    private readonly TinyLlamaFile _model = new();
    private readonly TempFolder _folder = new();

    private string Text => _folder.File(
        "text.txt", System.Text.Encoding.UTF8.GetBytes(string.Concat(Enumerable.Range(0, 80).Select(i => $"Line {i} of the log. "))));

    private string Output => Path.Combine(Path.GetDirectoryName(Text)!, "channels.json");

    public void Dispose()
    {
        _model.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public void The_file_is_written_and_the_policy_reads_it()
    {
        JsonElement json = Calibrate("--json").Json();
        Assert.Equal((2, 200, 8, 64), (Number(json, "prompts"), Number(json, "length"), Number(json, "frequencies"), Number(json, "channels")));
        JsonElement layer = json.GetProperty("layers")[1];
        Assert.Equal(64, Number(layer, "keys_compressed") + Number(layer, "keys_kept"));
        Assert.Equal(64, Number(layer, "values_compressed") + Number(layer, "values_kept"));
        ChannelTable table = ChannelTable.Load(Output);
        Assert.True(table.HasErrors && table.Rotated);
        string policy = $"fourier:channels={Output},quotas=file,k=4,local=32";
        JsonElement run = Cli.Run(
            "run", "--model", _model.Path, "--raw", "--file", Text, "--prompt", "?", "--cache", policy, "--keep", "50%", "--max-tokens", "3", "--json").Json();
        Assert.True(run.GetProperty("kv_bytes").GetInt64() < run.GetProperty("kv_bytes_full").GetInt64() * 3 / 4);
    }

    [Fact]
    public void Keys_before_rotation_rank_otherwise_and_values_alike()
    {
        Calibrate("--json").Json();
        ChannelTable rotated = ChannelTable.Load(Output);
        Calibrate("--rotated", "false", "--json").Json();
        ChannelTable plain = ChannelTable.Load(Output);
        Assert.False(plain.Rotated);
        Assert.NotEqual(rotated.Keys[0].Errors, plain.Keys[0].Errors);
        // The first layer's values do not depend on the keys at all.
        Assert.Equal(rotated.Values[0].Errors, plain.Values[0].Errors);
    }

    [Fact]
    public void A_table_names_every_layer()
    {
        Cli.Outcome outcome = Calibrate("--quotas", "0.25/0.5");
        Assert.Equal(0, outcome.Code);
        Assert.Contains("keys compressed", outcome.Out, StringComparison.Ordinal);
        Assert.Matches(@"1\s+16\s+48\s+[\d.]+\s+32\s+32", outcome.Out);
        Assert.Contains("wrote ", outcome.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void What_cannot_work_is_refused_in_one_sentence()
    {
        Assert.Contains("no file has 5000 tokens", Calibrate("--length", "5000").Refusal(), StringComparison.Ordinal);
        Assert.Contains("too short to measure 64 frequencies", Calibrate("--k", "64").Refusal(), StringComparison.Ordinal);
        Assert.Contains("--quotas is 'most'", Calibrate("--quotas", "most").Refusal(), StringComparison.Ordinal);
        string missing = Cli.Run("calibrate", "fourier", "--model", _model.Path, "--file", "none.txt", "--output", Output).Refusal();
        Assert.Contains("there is no such file", missing, StringComparison.Ordinal);
        string refused = Cli.Run("compare", "--model", _model.Path, "--prompt", "abc", "--cache", $"fourier:channels={Text}").Refusal();
        Assert.Contains("this is no channel file", refused, StringComparison.Ordinal);
    }

    private static int Number(JsonElement json, string name) => json.GetProperty(name).GetInt32();

    private Cli.Outcome Calibrate(params string[] options)
    {
        List<string> args = ["calibrate", "fourier", "--model", _model.Path, "--file", Text, "--output", Output];
        foreach ((string name, string value) in new[] { ("--prompts", "2"), ("--length", "200"), ("--k", "8") })
        {
            if (!options.Contains(name))
                args.AddRange([name, value]);
        }

        return Cli.Run([.. args, .. options]);
    }
}
