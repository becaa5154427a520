namespace Winnow.Kernels.Threading;

/// <summary>Work on one row of two matrices.</summary>
public interface IRowPairWork
{
    /// <summary>Does the work of a row. Rows run at the same time on different threads.</summary>
    /// <param name="row">Index of the row.</param>
    /// <param name="first">The row of the first matrix.</param>
    /// <param name="second">The row of the second matrix.</param>
    void Run(int row, Span<float> first, Span<float> second);
}

/// <summary>Spreads work on the rows of two matrices over a team; the matrices may be spans, which no thread could take along by itself.</summary>
public readonly unsafe struct RowPairJob<TWork> : ITeamJob
    where TWork : struct, IRowPairWork
{
    private readonly TWork _work;
    private readonly float* _first;
    private readonly float* _second;
    private readonly int _rows;
    private readonly int _firstWidth;
    private readonly int _secondWidth;

    private RowPairJob(TWork work, int rows, float* first, int firstWidth, float* second, int secondWidth)
    {
        (_work, _rows, _firstWidth, _secondWidth) = (work, rows, firstWidth, secondWidth);
        _first = first;
        _second = second;
    }

    /// <summary>Runs the work for rows 0 to <paramref name="rows"/> − 1.</summary>
    /// <param name="team">Threads that share the rows.</param>
    /// <param name="rows">Rows of both matrices.</param>
    /// <param name="first">[rows, any width].</param>
    /// <param name="second">[rows, any width].</param>
    /// <param name="work">What happens to a row.</param>
    /// <exception cref="ArgumentException">A matrix is no whole number of rows.</exception>
    public static void Run(ThreadTeam team, int rows, Span<float> first, Span<float> second, TWork work)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(rows, 1);
        if (first.Length % rows != 0 || second.Length % rows != 0)
            throw new ArgumentException($"{first.Length} and {second.Length} values are no {rows} rows of equal width", nameof(rows));
        fixed (float* a = first, b = second)
        {
            RowPairJob<TWork> job = new(work, rows, a, first.Length / rows, b, second.Length / rows);
            team.Run(ref job);
        }
    }

    /// <inheritdoc/>
    public void Execute(int worker, int workers)
    {
        int end = (int)((long)_rows * (worker + 1) / workers);
        for (int row = (int)((long)_rows * worker / workers); row < end; row++)
            _work.Run(row, new(_first + (long)row * _firstWidth, _firstWidth), new(_second + (long)row * _secondWidth, _secondWidth));
    }
}
