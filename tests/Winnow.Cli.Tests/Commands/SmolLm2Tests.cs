using System.Text.Json;

namespace Winnow.Cli.Tests.Commands;

/// <summary>The main jobs on a real model.</summary>
public sealed class SmolLm2Tests
{
    [Fact]
    public void The_sample_question_is_answered_right_with_the_full_cache()
    {
        JsonElement json = Cli.Run("compare", "--model", SharedFiles.SmolLm2, "--cache", "full", "--max-tokens", "24", "--json").Json();
        Assert.Contains("Patient Anna", json.GetProperty("rows")[0].GetProperty("answer").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Tokenize_gives_the_known_ids()
    {
        string model = SharedFiles.SmolLm2;
        using JsonDocument known = JsonDocument.Parse(File.ReadAllText(SharedFiles.TokensSmolLm2));
        foreach (JsonElement text in known.RootElement.EnumerateArray())
        {
            JsonElement json = Cli.Run("tokenize", "--model", model, "--prompt", text.GetProperty("text").GetString()!, "--json").Json();
            Assert.Equal(Ids(text.GetProperty("ids")), Ids(json.GetProperty("ids")));
        }
    }

    [Fact]
    public void Run_speaks_through_the_chat_template()
    {
        string model = SharedFiles.SmolLm2;
        string[] args = ["run", "--model", model, "--prompt", "What is the capital of France?", "--max-tokens", "12", "--json"];
        JsonElement templated = Cli.Run(args).Json();
        JsonElement raw = Cli.Run([.. args, "--raw"]).Json();
        Assert.Contains("Paris", templated.GetProperty("text").GetString(), StringComparison.Ordinal);
        Assert.True(templated.GetProperty("prompt_tokens").GetInt32() > raw.GetProperty("prompt_tokens").GetInt32());
    }

    private static IEnumerable<int> Ids(JsonElement array) => array.EnumerateArray().Select(id => id.GetInt32());
}
