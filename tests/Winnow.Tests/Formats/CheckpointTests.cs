using Winnow.Formats;

namespace Winnow.Tests.Formats;

public sealed class CheckpointTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_gguf_file_is_known_by_its_name_or_by_its_first_bytes()
    {
        using Checkpoint named = Checkpoint.Open(_folder.File("a.gguf", TinyGguf.Everything()));
        using Checkpoint blob = Checkpoint.Open(_folder.File("blob", TinyGguf.Everything()));
        Assert.IsType<GgufFile>(named);
        Assert.IsType<GgufFile>(blob);
    }

    [Fact]
    public void A_link_opens_what_it_leads_to()
    {
        string link = System.IO.Path.Combine(_folder.Path, "link.gguf");
        File.CreateSymbolicLink(link, _folder.File("far/blob", TinyGguf.Everything()));
        using Checkpoint model = Checkpoint.Open(link);
        Assert.NotEmpty(model.Tensors);
    }

    [Fact]
    public void A_folder_with_one_gguf_model_opens_it()
    {
        _folder.File("only.gguf", TinyGguf.Everything());
        using Checkpoint model = Checkpoint.Open(_folder.Path);
        Assert.EndsWith("only.gguf", model.Path, StringComparison.Ordinal);
    }

    [Fact]
    public void A_folder_with_none_or_several_models_is_refused()
    {
        Assert.Contains("holds no model", Broken.Message(() => Checkpoint.Open(_folder.Path)), StringComparison.Ordinal);
        _folder.File("a.gguf", TinyGguf.Everything());
        _folder.File("b.gguf", TinyGguf.Everything());
        Assert.Contains("2 GGUF models", Broken.Message(() => Checkpoint.Open(_folder.Path)), StringComparison.Ordinal);
    }

    [Fact]
    public void Another_kind_of_file_is_refused()
    {
        Assert.Contains("neither", Broken.Message(() => Checkpoint.Open(_folder.File("weights.bin", [1, 2]))), StringComparison.Ordinal);
        Assert.Contains("no such file", Broken.Message(() => Checkpoint.Open("nowhere/at-all")), StringComparison.Ordinal);
    }

    [Fact]
    public void A_folder_with_a_config_and_no_weights_says_so()
    {
        _folder.File("config.json", "{}"u8);
        Assert.Contains("no .safetensors file", Broken.Message(() => Checkpoint.Open(_folder.Path)), StringComparison.Ordinal);
    }
}
