using Winnow.Formats.Hub;

namespace Winnow.Tests.Formats.Hub;

public sealed class ModelLocatorTests : IDisposable
{
    private readonly TempFolder _cache = new();

    public ModelLocatorTests()
    {
        _cache.File("Bart/Tiny-GGUF/Tiny-Q4_K_M.gguf", [1]);
        _cache.File("Bart/Tiny-GGUF/Tiny-Q8_0.gguf", [1]);
        _cache.File("Hub/Plain/config.json", [1]);
        _cache.File("Hub/Plain/model.safetensors", [1]);
        _cache.File("Hub/Half/big.gguf.part", [1]);
    }

    public void Dispose() => _cache.Dispose();

    [Theory]
    [InlineData("bart/tiny-gguf", "Bart/Tiny-GGUF/Tiny-Q4_K_M.gguf")]
    [InlineData("Bart/Tiny-GGUF:q8_0", "Bart/Tiny-GGUF/Tiny-Q8_0.gguf")]
    [InlineData("tiny-gguf:Q8_0", "Bart/Tiny-GGUF/Tiny-Q8_0.gguf")]
    [InlineData("tiny-q8_0", "Bart/Tiny-GGUF/Tiny-Q8_0.gguf")]
    [InlineData("TINY-Q8_0.gguf", "Bart/Tiny-GGUF/Tiny-Q8_0.gguf")]
    [InlineData("hub/plain", "Hub/Plain")]
    [InlineData("plain", "Hub/Plain")]
    public void A_pulled_model_is_found_by_its_names(string name, string expected) =>
        Assert.Equal(Path.Combine(_cache.Path, expected), ModelLocator.Resolve(name, _cache.Path));

    [Fact]
    public void A_listed_name_resolves()
    {
        Assert.Equal(["Bart/Tiny-GGUF:Tiny-Q4_K_M.gguf", "Bart/Tiny-GGUF:Tiny-Q8_0.gguf", "Hub/Plain"], ModelLocator.ListNames(_cache.Path));
        Assert.All(ModelLocator.ListNames(_cache.Path), name =>
            Assert.StartsWith(_cache.Path, ModelLocator.Resolve(name, _cache.Path), StringComparison.Ordinal));
    }

    [Fact]
    public void A_path_that_exists_is_taken_as_it_is()
    {
        string path = _cache.File("here.gguf", [1]);
        Assert.Equal(path, ModelLocator.Resolve(path, _cache.Path));
        Assert.Equal(_cache.Path, ModelLocator.Resolve(_cache.Path, _cache.Path));
    }

    [Fact]
    public void An_unknown_name_lists_what_is_there_and_how_to_pull()
    {
        string message = Fail("me/other:Q4_0");
        Assert.Contains("'me/other:Q4_0'", message, StringComparison.Ordinal);
        Assert.Contains("Bart/Tiny-GGUF:Tiny-Q4_K_M.gguf", message, StringComparison.Ordinal);
        Assert.Contains("'winnow pull me/other:Q4_0'", message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_name_that_means_two_models_is_refused()
    {
        _cache.File("Other/Copy/Tiny-Q8_0.gguf", [1]);
        Assert.Contains("2 pulled models", Fail("tiny-q8_0"), StringComparison.Ordinal);
    }

    [Fact]
    public void An_unfinished_pull_asks_to_be_resumed() => Assert.Contains("winnow pull Hub/Half", Fail("hub/half"), StringComparison.Ordinal);

    [Fact]
    public void An_empty_cache_says_so() =>
        Assert.Contains("nothing has been pulled", Assert.Throws<WinnowException>(() => ModelLocator.Resolve("x", Path.Combine(_cache.Path, "none"))).Message, StringComparison.Ordinal);

    [Fact]
    public void The_cache_folder_follows_the_variable()
    {
        Assert.Equal(Path.Combine(_cache.Path, "models"), ModelCache.Folder(name => name == "WINNOW_CACHE" ? _cache.Path : null));
        Assert.EndsWith(Path.Combine("winnow", "models"), ModelCache.Folder(_ => null), StringComparison.Ordinal);
    }

    private string Fail(string name) => Assert.Throws<WinnowException>(() => ModelLocator.Resolve(name, _cache.Path)).Message;
}
