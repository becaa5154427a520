using System.Buffers.Binary;
using Winnow.Kernels.Blocks;

namespace Winnow.Kernels.Tests.Blocks;

/// <summary>Known answers, worked out by hand from the layouts.</summary>
public sealed class DequantizerTests
{
    [Fact]
    public void Floats_are_read_as_they_are()
    {
        Assert.Equal([1.5f], Decode(TensorType.F32, [0, 0, 0xC0, 0x3F], 1));
        Assert.Equal([-2f, 0.5f], Decode(TensorType.F16, [0x00, 0xC0, 0x00, 0x38], 2));
        Assert.Equal([-2f, 1.5f], Decode(TensorType.BF16, [0x00, 0xC0, 0xC0, 0x3F], 2));
    }

    [Fact]
    public void Q4_0_subtracts_eight()
    {
        byte[] block = [.. Half(0.5f), .. Enumerable.Range(0, 16).Select(j => (byte)(j | (15 - j) << 4))];
        IEnumerable<float> expected = Enumerable.Range(0, 32).Select(j => 0.5f * ((j < 16 ? j : 31 - j) - 8));
        Assert.Equal(expected, Decode(TensorType.Q4_0, block, 32));
    }

    [Fact]
    public void Q4_1_adds_its_minimum()
    {
        byte[] block = [.. Half(0.25f), .. Half(-3f), .. Enumerable.Repeat((byte)0xF2, 16)];
        float[] values = Decode(TensorType.Q4_1, block, 32);
        Assert.Equal(-2.5f, values[15]);
        Assert.Equal(0.75f, values[16]);
    }

    [Fact]
    public void Q5_takes_the_fifth_bit_of_value_j_from_bit_j()
    {
        byte[] codes = [.. Enumerable.Repeat((byte)0x31, 16)];
        float[] signed = Decode(TensorType.Q5_0, [.. Half(1), 0x01, 0, 0, 0x80, .. codes], 32);
        Assert.Equal([1f, -15f, -13f, 3f], [signed[0], signed[1], signed[16], signed[31]]);
        float[] affine = Decode(TensorType.Q5_1, [.. Half(1), .. Half(100), 0x02, 0, 0x01, 0, .. codes], 32);
        Assert.Equal([101f, 117f, 119f, 103f], [affine[0], affine[1], affine[16], affine[31]]);
    }

    [Fact]
    public void Q8_0_is_signed()
    {
        float[] values = Decode(TensorType.Q8_0, [.. Half(2), 0x80, 0x7F, .. new byte[30]], 32);
        Assert.Equal([-256f, 254f, 0f], values[..3]);
    }

    [Fact]
    public void IQ4_NL_reads_its_table()
    {
        float[] values = Decode(TensorType.IQ4_NL, [.. Half(2), 0xF0, 0x87, .. new byte[14]], 32);
        Assert.Equal([-254f, -20f, 226f, 2f], [values[0], values[1], values[16], values[17]]);
    }

    [Fact]
    public void Q2_K_scales_and_lowers_sixteen_values_at_a_time()
    {
        byte[] block = new byte[84];
        (block[0], block[6], block[10]) = (0x32, 0x05, 0x1F);
        (block[16], block[16 + 33]) = (0xC1, 0x08);
        Half(1).CopyTo(block, 80);
        Half(2).CopyTo(block, 82);
        float[] values = Decode(TensorType.Q2_K, block, 256);
        Assert.Equal([-4f, 15f, 28f], [values[0], values[96], values[161]]);
    }

    [Fact]
    public void Q3_K_takes_four_off_where_the_high_bit_is_clear()
    {
        byte[] block = new byte[110];
        (block[0], block[31], block[32], block[33], block[95]) = (0x01, 0x80, 0x02, 0x01, 0xC0);
        (block[96], block[103], block[104], block[107]) = (0x05, 0x90, 0x03, 0x80);
        Half(1).CopyTo(block, 108);
        float[] values = Decode(TensorType.Q3_K, block, 256);
        Assert.Equal([42f, -63f, 27f], [values[0], values[1], values[255]]);
    }

    [Theory]
    [InlineData(TensorType.Q4_K, 63.5f, 604.5f)]
    [InlineData(TensorType.Q5_K, 159.5f, 1436.5f)]
    public void Q4_K_and_Q5_K_split_six_bit_scales(TensorType type, float first, float later)
    {
        bool five = type == TensorType.Q5_K;
        byte[] block = new byte[five ? 176 : 144];
        Half(2).CopyTo(block, 0);
        Half(0.5f).CopyTo(block, 2);
        (block[4], block[5], block[8], block[9], block[13]) = (3, 0x40, 5, 0x80, 0x7A);
        if (five)
            (block[16], block[16 + 3]) = (0x01, 0x20);
        int codes = five ? 48 : 16;
        (block[codes], block[codes + 64 + 3]) = (0x0B, 0xC0);
        float[] values = Decode(type, block, 256);
        Assert.Equal([first, later], [values[0], values[163]]);
    }

    [Fact]
    public void Q6_K_joins_nibbles_and_bit_pairs()
    {
        byte[] block = new byte[210];
        (block[36], block[72], block[128 + 4], block[128 + 40]) = (0x90, 0xF0, 0x80, 0x30);
        (block[192 + 6], block[192 + 12]) = (0xFD, 127);
        Half(0.5f).CopyTo(block, 208);
        float[] values = Decode(TensorType.Q6_K, block, 256);
        Assert.Equal([-13.5f, 1968.5f], [values[100], values[200]]);
    }

    [Fact]
    public void A_length_that_does_not_match_is_refused() =>
        Assert.Contains("36", Assert.Throws<ArgumentException>(() => Decode(TensorType.Q4_0, new byte[18], 64)).Message, StringComparison.Ordinal);

    private static byte[] Half(float value)
    {
        byte[] bytes = new byte[2];
        BinaryPrimitives.WriteHalfLittleEndian(bytes, (Half)value);
        return bytes;
    }

    private static float[] Decode(TensorType type, byte[] bytes, int count)
    {
        float[] values = new float[count];
        Dequantizer.ToFloat(type, bytes, values);
        return values;
    }
}
