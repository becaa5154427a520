using System.Text.Json;

namespace Winnow.Cli.Tests.Commands;

public sealed class QuantizeCommandTests : IDisposable
{
    private readonly TinyLlamaFile _model = new();
    private readonly TempFolder _folder = new();

    private string Output => Path.Combine(_folder.Path, "out.gguf");

    public void Dispose()
    {
        _model.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public void The_file_runs_and_the_figures_add_up()
    {
        JsonElement json = Quantize("Q4_K_M", "--json").Json();
        Assert.Equal(
            ["input", "output", "type", "bytes", "bits_per_weight", "types", "fallbacks", "requantized", "seconds"],
            json.EnumerateObject().Select(property => property.Name));
        Assert.Equal(new FileInfo(Output).Length, json.GetProperty("bytes").GetInt64());
        Assert.Equal(0, json.GetProperty("requantized").GetInt32());
        Assert.True(json.GetProperty("fallbacks").GetInt32() > 0);
        JsonElement inspected = Cli.Run("inspect", Output, "--json").Json();
        Assert.Equal(json.GetProperty("types").GetRawText(), inspected.GetProperty("tensors_by_type").GetRawText());
        Assert.Equal(5, Cli.Run("run", "--model", Output, "--raw", "--prompt", "abc", "--max-tokens", "5", "--json").Json().GetProperty("tokens").GetArrayLength());
    }

    [Fact]
    public void The_path_is_the_result_and_the_rest_is_said_aside()
    {
        Cli.Outcome outcome = Quantize("q4_0");
        Assert.Equal((0, Output), (outcome.Code, outcome.Out.Trim()));
        Assert.Contains("bits a weight", outcome.Error, StringComparison.Ordinal);
        string again = Path.Combine(_folder.Path, "again.gguf");
        Assert.Contains("were quantised before", Cli.Run("quantize", Output, again, "--type", "Q5_0").Error, StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_is_replaced_only_when_asked_and_an_input_never()
    {
        Assert.Equal(0, Quantize("Q8_0").Code);
        Assert.Contains("add --force", Quantize("Q4_0").Refusal(), StringComparison.Ordinal);
        Assert.Equal(0, Quantize("Q4_0", "--force").Code);
        Assert.Contains("the file that is read", Cli.Run("quantize", _model.Path, _model.Path, "--type", "Q4_0", "--force").Refusal(), StringComparison.Ordinal);
        string link = Path.Combine(_folder.Path, "link.gguf");
        File.CreateSymbolicLink(link, _model.Path);
        Assert.Contains("the file that is read", Cli.Run("quantize", link, _model.Path, "--type", "Q4_0", "--force").Refusal(), StringComparison.Ordinal);
        Assert.Contains("this is a folder", Cli.Run("quantize", _model.Path, _folder.Path, "--type", "Q4_0").Refusal(), StringComparison.Ordinal);
    }

    [Fact]
    public void What_cannot_work_is_refused_in_one_sentence()
    {
        Assert.Contains("there is no quantisation 'Q9'", Quantize("Q9").Refusal(), StringComparison.Ordinal);
        Assert.Contains("'--type' is required", Cli.Run("quantize", _model.Path, Output).Refusal(), StringComparison.Ordinal);
        Assert.Contains("neither a file", Cli.Run("quantize", "nothing.gguf", Output, "--type", "Q4_0").Refusal(), StringComparison.Ordinal);
        string nowhere = Path.Combine(_folder.Path, "no", "out.gguf");
        Assert.Contains("there is no folder", Cli.Run("quantize", _model.Path, nowhere, "--type", "Q4_0").Refusal(), StringComparison.Ordinal);
        string cut = _folder.File("cut.gguf", File.ReadAllBytes(_model.Path)[..^200]);
        Assert.Contains("truncated", Cli.Run("quantize", cut, Output, "--type", "Q4_0").Refusal(), StringComparison.Ordinal);
        Assert.Equal([cut], Directory.EnumerateFiles(_folder.Path));
    }

    private Cli.Outcome Quantize(string type, params string[] options) => Cli.Run(["quantize", _model.Path, Output, "--type", type, .. options]);
}
