using Winnow.Formats;
using Winnow.Kernels.Blocks;

namespace Winnow.Tests.Formats;

public sealed class GgufFileTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_real_model_opens_with_its_metadata_and_tensors()
    {
        using GgufFile model = GgufFile.Open(SharedFiles.SmolLm2);
        Assert.Equal(3u, model.Version);
        Assert.Equal("llama", model.Metadata.GetString("general.architecture"));
        Assert.Equal(30, model.Metadata.GetInteger("llama.block_count"));
        Assert.Equal(576, model.Metadata.GetInteger("llama.embedding_length"));
        Assert.Equal(49152, model.Metadata.GetStrings("tokenizer.ggml.tokens").Length);
        Assert.Equal(272, model.Tensors.Count);
        TensorInfo embedding = model.Get("token_embd.weight");
        Assert.Equal([49152L, 576L], embedding.Shape);
        Assert.Equal(embedding.Data.Length, 49152 * TensorTypes.RowBytes(embedding.Type, 576));
        Assert.Equal([192L, 576L], model.Get("blk.0.attn_k.weight").Shape);
    }

    [Fact]
    public void Opening_a_real_model_allocates_little()
    {
        string path = SharedFiles.SmolLm2;
        GgufFile.Open(path).Dispose();
        long before = GC.GetAllocatedBytesForCurrentThread();
        GgufFile.Open(path).Dispose();
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 500_000);
    }

    [Fact]
    public void Version_2_reads_like_version_3()
    {
        byte[] bytes = TinyGguf.Everything();
        bytes[4] = 2;
        using GgufFile file = GgufFile.Open(_folder.File("v2.gguf", bytes));
        Assert.Equal(2u, file.Version);
        Assert.Equal(Enum.GetValues<TensorType>().Length, file.Tensors.Count);
    }

    [Fact]
    public void Dimensions_are_turned_round_and_data_is_found()
    {
        byte[] data = [.. Enumerable.Range(0, 24).Select(i => (byte)i)];
        string path = System.IO.Path.Combine(_folder.Path, "t.gguf");
        new GgufWriter().AddTensor("a", TensorType.F32, [1], new byte[4]).AddTensor("w", TensorType.F16, [4, 3], data).Write(path);
        using GgufFile file = GgufFile.Open(path);
        TensorInfo tensor = file.Get("w");
        Assert.Equal([4L, 3L], tensor.Shape);
        Assert.Equal(12, tensor.ElementCount);
        Assert.Equal(data, tensor.Data.AsSpan(0, 24).ToArray());
    }

    [Fact]
    public void A_missing_tensor_is_named()
    {
        using GgufFile file = GgufFile.Open(_folder.File("x.gguf", TinyGguf.Everything()));
        string message = Broken.Message(() => file.Get("output.weight"));
        Assert.Contains("x.gguf", message, StringComparison.Ordinal);
        Assert.Contains("'output.weight'", message, StringComparison.Ordinal);
        Assert.False(file.TryGet("output.weight", out _));
    }

    [Fact]
    public void A_missing_file_an_empty_file_and_a_folder_are_told_apart()
    {
        Assert.Contains("no such file", Broken.Message(() => GgufFile.Open(System.IO.Path.Combine(_folder.Path, "none.gguf"))), StringComparison.Ordinal);
        Assert.Contains("empty", Broken.Message(() => GgufFile.Open(_folder.File("e.gguf", []))), StringComparison.Ordinal);
        Assert.Contains("folder", Broken.Message(() => GgufFile.Open(_folder.Path)), StringComparison.Ordinal);
    }

    [Fact]
    public void A_split_model_opens_through_its_first_part()
    {
        string first = Part(1, 2, "a");
        Part(2, 2, "b");
        using GgufFile model = GgufFile.Open(first);
        Assert.Equal(["a", "b"], model.Tensors.Keys);
        Assert.Equal(2, model.Get("b").Data.AsSpan(0, 1)[0]);
    }

    [Fact]
    public void A_split_model_with_a_missing_part_or_opened_at_the_second_is_refused()
    {
        string second = Part(2, 2, "b");
        Assert.Contains("-00001-of-00002.gguf", Broken.Message(() => GgufFile.Open(second)), StringComparison.Ordinal);
        string lonely = Part(1, 3, "a");
        Assert.Contains("00002-of-00003", Broken.Message(() => GgufFile.Open(lonely)), StringComparison.Ordinal);
    }

    [Fact]
    public void Parts_that_hold_the_same_tensor_are_refused()
    {
        string first = Part(1, 2, "a");
        Part(2, 2, "a");
        Assert.Contains("'a'", Broken.Message(() => GgufFile.Open(first)), StringComparison.Ordinal);
    }

    [Fact]
    public void Metadata_read_after_the_file_is_closed_throws()
    {
        GgufFile file = GgufFile.Open(_folder.File("x.gguf", TinyGguf.Everything()));
        file.Dispose();
        Assert.Throws<ObjectDisposedException>(() => file.Metadata.GetString("text"));
    }

    private string Part(int number, int count, string tensor)
    {
        string path = System.IO.Path.Combine(_folder.Path, $"m-{number:D5}-of-{count:D5}.gguf");
        new GgufWriter().Add("split.count", (ushort)count).AddTensor(tensor, TensorType.F32, [1], new byte[] { (byte)number, 0, 0, 0 }).Write(path);
        return path;
    }
}
