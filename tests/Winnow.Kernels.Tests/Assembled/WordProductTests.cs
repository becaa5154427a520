using Winnow.Kernels.Assembled;
using Winnow.Kernels.Attention;
using Winnow.Kernels.Memory;
using Winnow.Kernels.Simd;

namespace Winnow.Kernels.Tests.Assembled;

public sealed unsafe class WordProductTests
{
    /// <summary>Against the same sums written as loops: integers over the depth, then row scale, then column scale, each rounded once.</summary>
    [Theory]
    [InlineData(1, 2, 16)]
    [InlineData(2, 64, 64)]
    [InlineData(5, 10, 48)]
    [InlineData(6, 128, 80)]
    [InlineData(7, 64, 128)]
    [InlineData(63, 64, 64)]
    public void Gives_the_bits_of_its_scalar_twin(int rows, int depth, int columns)
    {
        Assert.SkipUnless(AssembledKernels.IsSupported, "the assembled kernels do not run here");
        var random = new Random(rows + depth);
        int stride = depth + 2, limit = WordConversion.ScoreLimit(depth);
        using NativeBuffer<short> a = new(rows * stride), b = new(depth * columns);
        using NativeBuffer<float> aScales = new(rows), bScales = new(columns), c = new(rows * columns);
        foreach (ref short value in a.Span)
            value = (short)random.Next(-limit, limit + 1);
        foreach (ref short value in b.Span)
            value = (short)random.Next(-limit, limit + 1);
        foreach (ref float value in aScales.Span)
            value = (float)random.NextDouble();
        foreach (ref float value in bScales.Span)
            value = (float)random.NextDouble();
        foreach (bool accumulate in new[] { false, true })
        {
            float[] expected = c.Span.ToArray();
            for (int i = 0; i < expected.Length; i++)
            {
                int row = i / columns, column = i % columns, sum = 0;
                for (int k = 0; k < depth; k++)
                    sum += a.Pointer[row * stride + k] * b.Pointer[((k / 2 * columns) + column) * 2 + k % 2];
                float scaled = sum * aScales.Pointer[row];
                expected[i] = accumulate ? MathF.FusedMultiplyAdd(scaled, bScales.Pointer[column], expected[i]) : scaled * bScales.Pointer[column];
            }
            WordRows left = new(a.Pointer, aScales.Pointer, rows, stride);
            WordProduct.Multiply(left, new WordColumns(b.Pointer, bScales.Pointer, columns), depth, c.Pointer, accumulate);
            Assert.Equal(expected, c.Span.ToArray());
        }
    }

    [Fact]
    public void The_largest_codes_do_not_overflow_a_sum()
    {
        for (int headDim = 1; headDim <= 1024; headDim++)
        {
            long limit = WordConversion.ScoreLimit(headDim);
            Assert.InRange(limit * limit * headDim, 1, int.MaxValue);
            Assert.InRange(limit, 1, short.MaxValue);
        }
        Assert.InRange((long)WordConversion.ValueLimit * WordConversion.ProbabilityLimit * PageFormat.Entries, 1, int.MaxValue);
    }

    [Theory]
    [InlineData(6)]
    [InlineData(5)]
    public void Rounding_keeps_values_to_half_a_code(int rows)
    {
        Assert.SkipUnless(AssembledKernels.IsSupported, "the assembled kernels do not run here");
        const int columns = 48, limit = 4095;
        var random = new Random(rows);
        using NativeBuffer<float> source = new(rows * columns), rowScales = new(rows), columnScales = new(columns), strip = new((rows + 2) * 16);
        using NativeBuffer<short> rowWords = new(rows * columns), columnWords = new((rows + 1) * columns);
        for (int i = 0; i < source.Length; i++)
            source.Span[i] = i % columns == 7 ? 0 : (float)(random.NextDouble() - 0.5) * MathF.Pow(2, i % columns % 9);
        WordConversion.Rows(source.Pointer, columns, limit, new WordRows(rowWords.Pointer, rowScales.Pointer, rows, columns));
        FloatLoader<FloatVector512> loader = new(source.Pointer, columns);
        WordConversion.Columns(loader, rows, limit, strip.Pointer, new WordColumns(columnWords.Pointer, columnScales.Pointer, columns));
        for (int i = 0; i < source.Length; i++)
        {
            int row = i / columns, column = i % columns;
            float byRow = rowWords.Span[i] * rowScales.Span[row];
            float byColumn = columnWords.Span[((row / 2 * columns) + column) * 2 + row % 2] * columnScales.Span[column];
            Assert.InRange(byRow - source.Span[i], -0.501f * rowScales.Span[row], 0.501f * rowScales.Span[row]);
            Assert.InRange(byColumn - source.Span[i], -0.501f * columnScales.Span[column], 0.501f * columnScales.Span[column]);
        }
        if (rows % 2 == 1)
        {
            for (int column = 0; column < columns; column++)
                Assert.Equal(0, columnWords.Span[((rows / 2 * columns) + column) * 2 + 1]);
        }
    }
}
