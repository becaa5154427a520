using Winnow.Formats;
using Winnow.Kernels.Blocks;

namespace Winnow.Tests.Formats;

public sealed class SafetensorsCheckpointTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_single_file_opens_with_types_shapes_and_bytes()
    {
        using SafetensorsCheckpoint model = SafetensorsCheckpoint.Open(_folder.File("model.safetensors", TinySafetensors.File(TinySafetensors.TwoTensors, 32)));
        Assert.Equal(["a", "b"], model.Tensors.Keys);
        Assert.Equal((TensorType.F32, 24L), (model.Get("a").Type, model.Get("a").Data.Length));
        Assert.Equal([2L, 3L], model.Get("a").Shape);
        Assert.Equal(TensorType.BF16, model.Get("b").Type);
        Assert.Equal(24, model.Get("b").Data.AsSpan(0, 1)[0]);
        Assert.Equal(_folder.Path, model.Directory);
    }

    [Fact]
    public void The_config_is_read_from_beside_the_weights()
    {
        string path = _folder.File("model.safetensors", TinySafetensors.One("a"));
        using (SafetensorsCheckpoint bare = SafetensorsCheckpoint.Open(path))
        {
            Assert.False(bare.HasConfig);
            Assert.Contains("config.json is missing", Broken.Message(() => _ = bare.Config), StringComparison.Ordinal);
        }
        _folder.File("config.json", """{"hidden_size": 64}"""u8);
        using SafetensorsCheckpoint model = SafetensorsCheckpoint.Open(path);
        Assert.Equal(64, model.Config.GetProperty("hidden_size").GetInt32());
    }

    [Fact]
    public void Shards_open_through_the_index()
    {
        _folder.File("config.json", "{}"u8);
        _folder.File("model-00001-of-00002.safetensors", TinySafetensors.One("a"));
        _folder.File("model-00002-of-00002.safetensors", TinySafetensors.One("b"));
        _folder.File("unrelated.safetensors", TinySafetensors.One("a"));
        Index("""{"a":"model-00001-of-00002.safetensors","b":"model-00002-of-00002.safetensors"}""");
        using Checkpoint model = Checkpoint.Open(_folder.Path);
        Assert.IsType<SafetensorsCheckpoint>(model);
        Assert.Equal(["a", "b"], model.Tensors.Keys);
    }

    [Fact]
    public void A_folder_without_an_index_opens_all_its_shards()
    {
        _folder.File("one.safetensors", TinySafetensors.One("a"));
        _folder.File("two.safetensors", TinySafetensors.One("b"));
        using Checkpoint model = Checkpoint.Open(_folder.Path);
        Assert.Equal(["a", "b"], model.Tensors.Keys);
    }

    [Fact]
    public void A_tensor_in_two_shards_is_refused()
    {
        _folder.File("one.safetensors", TinySafetensors.One("a"));
        _folder.File("two.safetensors", TinySafetensors.One("a"));
        string message = Broken.Message(() => Checkpoint.Open(_folder.Path));
        Assert.Contains("two.safetensors: tensor 'a' is also in another shard", message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_tensor_of_a_type_that_is_not_computed_with_is_left_out_and_explained()
    {
        const string head = """{"ids":{"dtype":"I64","shape":[2],"data_offsets":[0,16]},"w":{"dtype":"F16","shape":[],"data_offsets":[16,18]}}""";
        using SafetensorsCheckpoint model = SafetensorsCheckpoint.Open(_folder.File("m.safetensors", TinySafetensors.File(head, 18)));
        Assert.Equal(["w"], model.Tensors.Keys);
        Assert.Empty(model.Get("w").Shape);
        Assert.Equal("I64", model.SkippedTensors["ids"]);
        Assert.Contains("'ids' is stored as 'I64'", Broken.Message(() => model.Get("ids")), StringComparison.Ordinal);
        Assert.Contains("'x' is missing", Broken.Message(() => model.Get("x")), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"a":"../secret.safetensors"}""", "'../secret.safetensors'")]
    [InlineData("""{"a":"/etc/passwd"}""", "'/etc/passwd'")]
    [InlineData("""{"a":"C:\\x.safetensors"}""", "not a file inside the folder")]
    [InlineData("""{"a":"sub/../../x.safetensors"}""", "not a file inside the folder")]
    [InlineData("""{"a":7}""", "'7'")]
    [InlineData("{}", "names no tensors")]
    [InlineData("[]", "no object 'weight_map'")]
    [InlineData("""{"a":"gone.safetensors"}""", "gone.safetensors: there is no such file")]
    [InlineData("""{"a":"one.safetensors","z":"one.safetensors"}""", "one.safetensors: tensor 'z' is not in the file")]
    [InlineData("""{"a":"one.safetensors","a":"one.safetensors"}""", "not valid JSON")]
    public void A_broken_index_is_refused(string map, string says)
    {
        _folder.File("one.safetensors", TinySafetensors.One("a"));
        Index(map);
        Assert.Contains(says, Broken.Message(() => Checkpoint.Open(_folder.Path)), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("{", "not valid JSON")]
    [InlineData("[1]", "not an object")]
    [InlineData("""{"a":1} x""", "not valid JSON")]
    public void A_broken_config_is_refused(string config, string says)
    {
        _folder.File("model.safetensors", TinySafetensors.One("a"));
        _folder.File("config.json", System.Text.Encoding.UTF8.GetBytes(config));
        string message = Broken.Message(() => Checkpoint.Open(_folder.Path));
        Assert.Contains("config.json", message, StringComparison.Ordinal);
        Assert.Contains(says, message, StringComparison.Ordinal);
    }

    private void Index(string map) =>
        _folder.File("model.safetensors.index.json", System.Text.Encoding.UTF8.GetBytes($$"""{"metadata":{"total_size":8},"weight_map":{{map}}}"""));
}
