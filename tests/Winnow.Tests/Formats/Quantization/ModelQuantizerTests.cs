using System.Runtime.InteropServices;
using Winnow.Formats;
using Winnow.Formats.Quantization;
using Winnow.Kernels.Blocks;

namespace Winnow.Tests.Formats.Quantization;

public sealed class ModelQuantizerTests : IDisposable
{
    private readonly TempFolder _folder = new();

    private string Source => System.IO.Path.Combine(_folder.Path, "source.gguf");

    private string Target => System.IO.Path.Combine(_folder.Path, "target.gguf");

    public static TheoryData<string> Mixes => [.. QuantizationMix.All.Select(mix => mix.Name)];

    public void Dispose() => _folder.Dispose();

    [Theory]
    [MemberData(nameof(Mixes))]
    public void Every_tensor_is_what_its_own_encoder_makes_of_it(string name)
    {
        WriteSource(columns: 256);
        Quantize(name);
        using GgufFile source = GgufFile.Open(Source), target = GgufFile.Open(Target);
        Assert.Equal(source.Tensors.Keys, target.Tensors.Keys);
        foreach (TensorInfo tensor in target.Tensors.Values)
        {
            TensorInfo from = source.Get(tensor.Name);
            byte[] expected = new byte[tensor.Data.Length];
            Quantizer.FromFloat(tensor.Type, MemoryMarshal.Cast<byte, float>(from.Data.AsSpan(0, (int)from.Data.Length)), expected);
            Assert.Equal(from.Shape, tensor.Shape);
            Assert.Equal(expected, tensor.Data.AsSpan(0, expected.Length));
        }

        Assert.Equal(TensorType.F32, target.Get("blk.0.attn_norm.weight").Type);
        Assert.Equal(QuantizationMix.Parse(name).FileType, target.Metadata.GetInteger("general.file_type"));
        Assert.Equal(2, target.Metadata.GetInteger("general.quantization_version"));
    }

    [Fact]
    public void Metadata_stays_to_the_byte_and_the_mix_is_noted_once()
    {
        byte[] everything = TinyGguf.Everything();
        using GgufFile source = GgufFile.Open(_folder.File("all.gguf", everything));
        ModelQuantizer.Write(source, QuantizationMix.Parse("Q8_0"), Target);
        using GgufFile target = GgufFile.Open(Target);
        foreach (string key in source.Metadata.Keys)
            Assert.Equal(source.Metadata.GetValue(key), target.Metadata.GetValue(key));
        ModelQuantizer.Write(target, QuantizationMix.Parse("Q4_0"), Source);
        using GgufFile again = GgufFile.Open(Source);
        Assert.Equal(2, again.Metadata.GetInteger("general.file_type"));
        Assert.Equal(target.Metadata.Count, again.Metadata.Count);
    }

    [Fact]
    public void Bytes_of_the_same_type_pass_unchanged()
    {
        WriteSource(columns: 256);
        Quantize("Q4_1");
        byte[] first = File.ReadAllBytes(Target);
        using (GgufFile source = GgufFile.Open(Target))
            ModelQuantizer.Write(source, QuantizationMix.Parse("Q4_1"), Source);
        Assert.Equal(first, File.ReadAllBytes(Source));
    }

    [Fact]
    public void Rows_of_no_super_blocks_fall_back_and_are_reported()
    {
        WriteSource(columns: 96);
        IReadOnlyList<QuantizedTensor> written = Quantize("Q4_K_M");
        Assert.Equal((TensorType.Q6_K, TensorType.Q8_0), Types(written, "token_embd.weight"));
        Assert.Equal((TensorType.Q4_K, TensorType.Q5_0), Types(written, "blk.0.attn_q.weight"));
    }

    [Theory]
    [InlineData("nan", "F32", false)]
    [InlineData("nan", "Q4_0", false)]
    [InlineData("1e30", "F16", false)]
    [InlineData("1e30", "Q8_0", false)]
    [InlineData("1e30", "BF16", true)]
    public void Values_that_a_type_cannot_store_are_refused(string value, string type, bool accepted)
    {
        WriteSource(columns: 256, type: TensorType.BF16, odd: float.Parse(value, System.Globalization.CultureInfo.InvariantCulture));
        if (accepted)
        {
            Quantize(type);
            return;
        }

        string message = Assert.Throws<WinnowException>(() => Quantize(type)).Message;
        Assert.Contains("'blk.0.attn_q.weight' holds values in row 3", message, StringComparison.Ordinal);
        Assert.Equal(["source.gguf"], Directory.EnumerateFiles(_folder.Path).Select(System.IO.Path.GetFileName));
    }

    [Fact]
    public void Stopping_leaves_nothing_behind()
    {
        WriteSource(columns: 256);
        using CancellationTokenSource stop = new();
        using GgufFile source = GgufFile.Open(Source);
        Assert.ThrowsAny<OperationCanceledException>(
            () => ModelQuantizer.Write(source, QuantizationMix.Parse("Q4_0"), Target, progress: new StopAtOnce(stop), cancellation: stop.Token));
        Assert.Equal(["source.gguf"], Directory.EnumerateFiles(_folder.Path).Select(System.IO.Path.GetFileName));
    }

    private static (TensorType Wanted, TensorType Stored) Types(IReadOnlyList<QuantizedTensor> tensors, string name)
    {
        QuantizedTensor tensor = tensors.Single(each => each.Name == name);
        return (tensor.Wanted, tensor.Stored);
    }

    private IReadOnlyList<QuantizedTensor> Quantize(string type)
    {
        using GgufFile source = GgufFile.Open(Source);
        return ModelQuantizer.Write(source, QuantizationMix.Parse(type), Target, threads: 2);
    }

    private void WriteSource(int columns, TensorType type = TensorType.F32, float odd = 0.5f)
    {
        GgufWriter writer = new();
        Random random = new(5);
        foreach ((string name, int rows) in new[] { ("token_embd", 12), ("blk.0.attn_norm", 0), ("blk.0.attn_q", 8), ("blk.0.attn_v", 8), ("blk.0.ffn_down", 8) })
        {
            float[] values = new float[Math.Max(1, rows) * columns];
            for (int i = 0; i < values.Length; i++)
                values[i] = random.NextSingle() - 0.5f;
            if (name == "blk.0.attn_q")
                values[3 * columns + 7] = odd;
            TensorType stored = rows == 0 ? TensorType.F32 : type;
            byte[] bytes = new byte[TensorTypes.RowBytes(stored, values.Length)];
            Quantizer.FromFloat(stored, values, bytes);
            writer.AddTensor(name + ".weight", stored, rows == 0 ? [columns] : [rows, columns], bytes);
        }

        writer.Write(Source);
    }

    private sealed class StopAtOnce(CancellationTokenSource stop) : IProgress<QuantizationProgress>
    {
        public void Report(QuantizationProgress value) => stop.Cancel();
    }
}
