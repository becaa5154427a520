using Winnow.Kernels.Blocks;
using Winnow.Kernels.Tests.Linear;

namespace Winnow.Kernels.Tests.Blocks;

public sealed class QuantizerTests
{
    [Theory]
    [InlineData(TensorType.F32, 0)]
    [InlineData(TensorType.F16, 0.0005)]
    [InlineData(TensorType.BF16, 0.003)]
    [InlineData(TensorType.Q8_0, 0.01)]
    [InlineData(TensorType.Q6_K, 0.03)]
    [InlineData(TensorType.Q5_0, 0.06)]
    [InlineData(TensorType.Q5_1, 0.06)]
    [InlineData(TensorType.Q5_K, 0.06)]
    [InlineData(TensorType.Q4_0, 0.12)]
    [InlineData(TensorType.Q4_1, 0.12)]
    [InlineData(TensorType.Q4_K, 0.12)]
    [InlineData(TensorType.IQ4_NL, 0.12)]
    [InlineData(TensorType.Q3_K, 0.25)]
    [InlineData(TensorType.Q2_K, 0.5)]
    public void Encoding_and_decoding_loses_what_the_bits_allow(TensorType type, double bound)
    {
        float[] values = TestMatrices.Gaussian(2048, seed: 11), decoded = new float[2048];
        byte[] stored = new byte[TensorTypes.RowBytes(type, 2048)];
        Quantizer.FromFloat(type, values, stored);
        Dequantizer.ToFloat(type, stored, decoded);
        double error = TestMatrices.RelativeError([.. values.Select(value => (double)value)], decoded);
        Assert.InRange(error, bound / 10, bound);
    }

    [Fact]
    public void Zeros_stay_zeros_in_every_type()
    {
        foreach (TensorType type in TestMatrices.AllTypes)
        {
            byte[] stored = new byte[TensorTypes.RowBytes(type, 256)];
            float[] decoded = new float[256];
            Array.Fill(decoded, 1);
            Quantizer.FromFloat(type, new float[256], stored);
            Dequantizer.ToFloat(type, stored, decoded);
            Assert.All(decoded, value => Assert.Equal(0, value));
        }
    }

    [Fact]
    public void A_destination_of_another_size_is_refused() =>
        Assert.Throws<ArgumentException>(() => Quantizer.FromFloat(TensorType.Q8_0, new float[32], new byte[33]));
}
