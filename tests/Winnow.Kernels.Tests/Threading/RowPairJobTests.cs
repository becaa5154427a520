using Winnow.Kernels.Threading;

namespace Winnow.Kernels.Tests.Threading;

public sealed class RowPairJobTests
{
    [Theory]
    [InlineData(1, 1)]
    [InlineData(1, 5)]
    [InlineData(3, 2)]
    [InlineData(3, 7)]
    public void Every_row_is_met_once_with_its_part_of_both_matrices(int threads, int rows)
    {
        using ThreadTeam team = new(threads);
        float[] first = [.. Enumerable.Range(0, 4 * rows).Select(i => (float)i)], second = new float[rows];
        RowPairJob<Sum>.Run(team, rows, first, second, default);
        Assert.Equal(Enumerable.Range(0, rows).Select(row => 100 * row + 16f * row + 6), second);
    }

    [Fact]
    public void Matrices_that_are_no_whole_rows_are_refused()
    {
        using ThreadTeam team = new(2);
        ArgumentException error = Assert.Throws<ArgumentException>(() => RowPairJob<Sum>.Run(team, 3, new float[9], new float[4], default));
        Assert.Contains("9 and 4 values are no 3 rows", error.Message, StringComparison.Ordinal);
    }

    private readonly struct Sum : IRowPairWork
    {
        public void Run(int row, Span<float> first, Span<float> second)
        {
            foreach (float value in first)
                second[0] += value;
            second[0] += 100 * row;
        }
    }
}
