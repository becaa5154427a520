using Winnow.Formats.Quantization;
using Winnow.Kernels.Blocks;

namespace Winnow.Tests.Formats.Quantization;

public sealed class QuantizationMixTests
{
    [Theory]
    [InlineData(0, "attn_v", TensorType.Q6_K)]
    [InlineData(2, "ffn_down", TensorType.Q6_K)]
    [InlineData(3, "attn_v", TensorType.Q4_K)]
    [InlineData(5, "ffn_down", TensorType.Q6_K)]
    [InlineData(25, "attn_v", TensorType.Q4_K)]
    [InlineData(26, "attn_v", TensorType.Q6_K)]
    [InlineData(29, "ffn_down", TensorType.Q6_K)]
    [InlineData(29, "attn_q", TensorType.Q4_K)]
    [InlineData(29, "attn_qkv", TensorType.Q5_K)]
    public void Q4_K_M_gives_more_bits_to_the_ends_and_to_every_third_layer(int layer, string piece, TensorType expected) =>
        Assert.Equal(expected, QuantizationMix.Parse("q4_k_m").TypeOf($"blk.{layer}.{piece}.weight", layers: 30, tied: true));

    [Theory]
    [InlineData(3, "attn_v", TensorType.Q5_K)]
    [InlineData(4, "attn_v", TensorType.Q4_K)]
    [InlineData(2, "ffn_down", TensorType.Q5_K)]
    [InlineData(3, "ffn_down", TensorType.Q4_K)]
    public void Q4_K_S_gives_more_bits_to_the_first_layers_only(int layer, string piece, TensorType expected) =>
        Assert.Equal(expected, QuantizationMix.Parse("Q4_K_S").TypeOf($"blk.{layer}.{piece}.weight", layers: 30, tied: true));

    [Fact]
    public void The_head_keeps_six_bits_wherever_it_stands()
    {
        QuantizationMix mix = QuantizationMix.Parse("Q4_0");
        Assert.Equal(TensorType.Q6_K, mix.TypeOf("token_embd.weight", 30, tied: true));
        Assert.Equal(TensorType.Q4_0, mix.TypeOf("token_embd.weight", 30, tied: false));
        Assert.Equal(TensorType.Q6_K, mix.TypeOf("output.weight", 30, tied: false));
    }

    [Fact]
    public void Floats_and_eight_bits_are_one_type_throughout()
    {
        foreach (string name in new[] { "F32", "F16", "BF16", "Q8_0" })
            Assert.Equal(Enum.Parse<TensorType>(name), QuantizationMix.Parse(name).TypeOf("output.weight", 30, tied: false));
    }

    [Theory]
    [InlineData(TensorType.Q4_K, 576, TensorType.Q5_0)]
    [InlineData(TensorType.Q5_K, 576, TensorType.Q5_1)]
    [InlineData(TensorType.Q6_K, 576, TensorType.Q8_0)]
    [InlineData(TensorType.Q6_K, 1536, TensorType.Q6_K)]
    [InlineData(TensorType.Q4_K, 100, TensorType.F16)]
    [InlineData(TensorType.Q8_0, 100, TensorType.F16)]
    [InlineData(TensorType.BF16, 100, TensorType.BF16)]
    public void Rows_that_fill_no_super_blocks_take_small_ones(TensorType wanted, long columns, TensorType expected) =>
        Assert.Equal(expected, QuantizationMix.Fitting(wanted, columns));

    [Fact]
    public void An_unknown_name_is_refused_with_the_known_ones()
    {
        string message = Assert.Throws<WinnowException>(() => QuantizationMix.Parse("Q9_Z")).Message;
        Assert.Contains("'Q9_Z'", message, StringComparison.Ordinal);
        Assert.Contains("Q4_K_M", message, StringComparison.Ordinal);
    }
}
