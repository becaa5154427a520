namespace Winnow.Kernels.Threading;

/// <summary>Work that a <see cref="ThreadTeam"/> shares out. A job is a struct so that dispatching it costs no managed memory.</summary>
public interface ITeamJob
{
    /// <summary>Does one worker's share. Called once for each worker, at the same time on different threads.</summary>
    /// <param name="worker">Index of the worker, 0 to <paramref name="workers"/> − 1.</param>
    /// <param name="workers">Number of workers that share the job.</param>
    void Execute(int worker, int workers);
}
