using Winnow.Kernels.Threading;

namespace Winnow.Models.Blocks;

/// <summary>Element-wise work on one row of a pass.</summary>
internal interface IRowWork
{
    /// <summary>Does the work of a row. Rows run at the same time on different threads.</summary>
    void Run(int row);
}

/// <summary>Spreads row work over the team; a single row is not worth a meeting of threads.</summary>
internal struct RowJob<TWork> : ITeamJob
    where TWork : struct, IRowWork
{
    private readonly TWork _work;
    private readonly int _rows;

    private RowJob(TWork work, int rows)
    {
        _work = work;
        _rows = rows;
    }

    /// <summary>Runs the work for rows 0 to <paramref name="rows"/> − 1.</summary>
    public static void Run(ThreadTeam team, int rows, TWork work)
    {
        if (rows == 1)
        {
            work.Run(0);
            return;
        }
        RowJob<TWork> job = new(work, rows);
        team.Run(ref job);
    }

    /// <inheritdoc/>
    public readonly void Execute(int worker, int workers)
    {
        int end = (int)((long)_rows * (worker + 1) / workers);
        for (int row = (int)((long)_rows * worker / workers); row < end; row++)
            _work.Run(row);
    }
}
