using Winnow.Kernels.Assembled;
using Winnow.Kernels.Attention;
using Winnow.Kernels.Memory;
using Winnow.Kernels.Simd;

namespace Winnow.Kernels.Tests.Assembled;

public sealed unsafe class HalfTileTests
{
    [Theory]
    [InlineData(1, 64, 64)]
    [InlineData(2, 1, 16)]
    [InlineData(3, 64, 64)]
    [InlineData(4, 17, 32)]
    [InlineData(5, 64, 48)]
    [InlineData(6, 33, 80)]
    [InlineData(7, 64, 128)]
    [InlineData(13, 5, 112)]
    [InlineData(63, 64, 64)]
    public void Gives_the_bits_of_the_portable_product(int rows, int depth, int columns)
    {
        Assert.SkipUnless(AssembledKernels.IsSupported, "the assembled kernels do not run here");
        var random = new Random(rows * 1000 + depth);
        int stride = depth + 3;
        using var a = new NativeBuffer<float>(rows * stride);
        using var b = new NativeBuffer<ushort>(2 * depth * columns);
        using var expected = new NativeBuffer<float>(rows * columns);
        using var actual = new NativeBuffer<float>(rows * columns);
        foreach (ref float value in a.Span)
            value = (float)random.NextDouble() - 0.5f;
        foreach (ref ushort value in b.Span)
            value = BitConverter.HalfToUInt16Bits((Half)((random.NextDouble() - 0.5) * Math.Pow(2, random.Next(-22, 10))));
        foreach (bool accumulate in new[] { false, true })
        {
            HalfLoader<FloatVector512> loader = new(b.Pointer, columns);
            TileProduct.Multiply<FloatVector512, HalfLoader<FloatVector512>>(
                a.Pointer, stride, loader, rows, depth, columns, expected.Pointer, columns, accumulate);
            HalfTile.Multiply(a.Pointer, stride, b.Pointer, ahead: sizeof(ushort) * depth * columns, rows, depth, columns, actual.Pointer, accumulate);
            Assert.Equal(expected.Span, actual.Span);
        }
    }
}
