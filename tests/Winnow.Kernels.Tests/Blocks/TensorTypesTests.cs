using Winnow.Kernels.Blocks;

namespace Winnow.Kernels.Tests.Blocks;

public sealed class TensorTypesTests
{
    [Theory]
    [InlineData(TensorType.F32, 576, 2304)]
    [InlineData(TensorType.Q4_1, 576, 360)]
    [InlineData(TensorType.Q6_K, 1536, 1260)]
    public void Row_bytes_count_whole_blocks(TensorType type, long columns, long bytes) =>
        Assert.Equal(bytes, TensorTypes.RowBytes(type, columns));

    [Fact]
    public void A_row_that_does_not_fill_blocks_is_refused()
    {
        ArgumentException error = Assert.Throws<ArgumentException>(() => TensorTypes.RowBytes(TensorType.Q4_K, 576));
        Assert.Contains("576", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void An_unknown_type_is_not_supported() => Assert.False(TensorTypes.IsSupported((TensorType)4));
}
