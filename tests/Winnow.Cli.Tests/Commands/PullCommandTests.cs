using System.Text.Json;
using Winnow.Formats.Hub;

namespace Winnow.Cli.Tests.Commands;

public sealed class PullCommandTests : IDisposable
{
    private readonly FakeHub _hub = new();
    private readonly TempFolder _cache = new();

    private Cli.Surroundings Surroundings =>
        new(Hub: new HubOptions { Endpoint = _hub.Address, CacheFolder = _cache.Path, Delay = (_, _) => Task.CompletedTask });

    public void Dispose()
    {
        _hub.Dispose();
        _cache.Dispose();
    }

    [Fact]
    public void A_pull_prints_the_path_of_what_it_fetched()
    {
        _hub.Files["m.Q8_0.gguf"] = TinyGguf.Everything();
        Cli.Outcome outcome = Cli.Run(Surroundings, "pull", "me/model");
        string path = outcome.Out.Trim();
        Assert.Equal(0, outcome.Code);
        Assert.Equal(TinyGguf.Everything(), File.ReadAllBytes(path));
        JsonElement json = Cli.Run(Surroundings, "pull", "me/model:Q8_0", "--json").Json();
        Assert.Equal(path, json.GetProperty("path").GetString());
        Assert.Equal(TinyGguf.Everything().Length, json.GetProperty("bytes").GetInt64());
    }

    [Fact]
    public void A_file_with_a_false_checksum_is_refused_in_one_line()
    {
        _hub.Files["m.Q8_0.gguf"] = TinyGguf.Everything();
        _hub.Checksums["m.Q8_0.gguf"] = new string('0', 64);
        Assert.Contains("m.Q8_0.gguf", Cli.Run(Surroundings, "pull", "me/model", "--json").Refusal(), StringComparison.Ordinal);
    }
}
