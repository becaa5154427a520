using Winnow.Formats;
using Winnow.Kernels.Blocks;

namespace Winnow.Tests.Formats;

public sealed class GgufWriterTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public static TheoryData<TensorType> Types => [.. Enum.GetValues<TensorType>()];

    private string Target => System.IO.Path.Combine(_folder.Path, "out.gguf");

    public void Dispose() => _folder.Dispose();

    [Theory]
    [MemberData(nameof(Types))]
    public void A_tensor_of_every_type_comes_back_as_it_was_written(TensorType type)
    {
        using GgufFile file = GgufFile.Open(_folder.File("all.gguf", TinyGguf.Everything()));
        TensorInfo tensor = file.Get($"t.{type}");
        Assert.Equal(type, tensor.Type);
        Assert.Equal([2L, 256L], tensor.Shape);
        Assert.Equal(TinyGguf.TensorBytes(type), tensor.Data.AsSpan(0, (int)tensor.Data.Length).ToArray());
    }

    [Theory]
    [InlineData(1)]
    [InlineData(8)]
    [InlineData(4096)]
    public void Every_alignment_is_recorded_and_kept(int alignment)
    {
        byte[] data = [1, 2, 3, 4];
        new GgufWriter(alignment).AddTensor("a", TensorType.F32, [1], data).AddTensor("b", TensorType.F32, [1], data).Write(Target);
        using GgufFile file = GgufFile.Open(Target);
        Assert.Equal(alignment, file.Metadata.GetInteger("general.alignment"));
        Assert.Equal(data, file.Get("b").Data.AsSpan(0, 4).ToArray());
        Assert.Equal(0, new FileInfo(Target).Length % alignment);
    }

    [Fact]
    public void A_callback_streams_its_tensor_in_pieces()
    {
        new GgufWriter().AddTensor("a", TensorType.Q8_0, [3, 32], stream =>
        {
            for (int i = 0; i < 3; i++)
                stream.Write([.. Enumerable.Repeat((byte)i, 34)]);
        }).Write(Target);
        using GgufFile file = GgufFile.Open(Target);
        Assert.Equal(2, file.Get("a").Data.AsSpan(101, 1)[0]);
    }

    [Fact]
    public void A_callback_that_writes_too_little_leaves_no_file()
    {
        GgufWriter writer = new GgufWriter().AddTensor("a", TensorType.F32, [2], stream => stream.WriteByte(1));
        Assert.Contains("'a' needs 8 bytes and 1", Assert.Throws<InvalidOperationException>(() => writer.Write(Target)).Message, StringComparison.Ordinal);
        Assert.Empty(Directory.EnumerateFiles(_folder.Path));
    }

    [Fact]
    public void Metadata_copied_from_one_file_to_another_stays_the_same()
    {
        using GgufFile source = GgufFile.Open(_folder.File("all.gguf", TinyGguf.Everything()));
        GgufWriter writer = new();
        foreach (string key in source.Metadata.Keys)
            writer.Add(key, source.Metadata.GetValue(key));
        writer.Write(Target);
        using GgufFile copy = GgufFile.Open(Target);
        foreach (string key in source.Metadata.Keys)
            Assert.Equal(source.Metadata.GetValue(key), copy.Metadata.GetValue(key));
    }

    [Fact]
    public void What_no_reader_would_accept_is_not_written()
    {
        GgufWriter writer = new();
        writer.Add("k", 1);
        Assert.Throws<ArgumentException>(() => writer.Add("k", 2));
        Assert.Throws<ArgumentException>(() => writer.Add("d", 1.0m));
        Assert.Throws<ArgumentException>(() => writer.Add("d", new DateTime[1]));
        Assert.Throws<ArgumentException>(() => writer.Add("general.alignment", 64));
        Assert.Throws<ArgumentException>(() => writer.AddTensor("t", TensorType.F32, [0], ReadOnlyMemory<byte>.Empty));
        Assert.Throws<ArgumentException>(() => writer.AddTensor("t", TensorType.F32, [2], new byte[4]));
        Assert.Throws<ArgumentException>(() => writer.AddTensor("t", TensorType.Q4_0, [33], new byte[18]));
        Assert.ThrowsAny<ArgumentException>(() => new GgufWriter(24));
    }
}
