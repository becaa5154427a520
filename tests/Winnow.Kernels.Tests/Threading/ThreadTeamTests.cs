using Winnow.Kernels.Threading;

namespace Winnow.Kernels.Tests.Threading;

public sealed class ThreadTeamTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(9)]
    public void Every_worker_runs_once_a_job(int threads)
    {
        using var team = new ThreadTeam(threads);
        var counting = new Counting { Calls = new int[threads] };
        for (int i = 0; i < 500; i++)
            team.Run(ref counting);
        Assert.All(counting.Calls, calls => Assert.Equal(500, calls));
    }

    [Fact]
    public void Workers_that_parked_wake_for_the_next_job()
    {
        using var team = new ThreadTeam(3);
        var counting = new Counting { Calls = new int[3] };
        for (int i = 0; i < 5; i++)
        {
            team.Run(ref counting);
            Thread.Sleep(20);
        }
        Assert.Equal([5, 5, 5], counting.Calls);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    public void An_exception_of_any_worker_reaches_the_caller_after_all_have_finished(int failing)
    {
        using var team = new ThreadTeam(3);
        var job = new Failing { Worker = failing, Finished = new int[3] };
        InvalidOperationException error = Assert.Throws<InvalidOperationException>(() => team.Run(ref job));
        Assert.Equal($"worker {failing}", error.Message);
        Assert.Equal(2, job.Finished.Sum());
        var counting = new Counting { Calls = new int[3] };
        team.Run(ref counting);
        Assert.Equal([1, 1, 1], counting.Calls);
    }

    [Fact]
    public void A_job_inside_a_job_runs_inline_as_one_worker()
    {
        using var team = new ThreadTeam(2);
        var outer = new Nesting { Team = team, Inner = new int[2] };
        team.Run(ref outer);
        Assert.Equal([1, 1], outer.Inner);
    }

    [Fact]
    public void Two_callers_at_once_both_finish()
    {
        using var team = new ThreadTeam(2);
        int[] first = new int[2], second = new int[2];
        var other = new Thread(() => RunMany(team, second));
        other.Start();
        RunMany(team, first);
        other.Join();
        Assert.Equal(1000, first[0]);
        Assert.Equal(1000, second[0]);
    }

    [Fact]
    public void Running_a_job_allocates_nothing()
    {
        using var team = new ThreadTeam(2);
        var counting = new Counting { Calls = new int[2] };
        team.Run(ref counting);
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 1000; i++)
            team.Run(ref counting);
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    [Fact]
    public void A_disposed_team_refuses_jobs()
    {
        var team = new ThreadTeam(2);
        team.Dispose();
        team.Dispose();
        Assert.Throws<ObjectDisposedException>(() =>
        {
            var counting = new Counting { Calls = new int[2] };
            team.Run(ref counting);
        });
    }

    private static void RunMany(ThreadTeam team, int[] calls)
    {
        var counting = new Counting { Calls = calls };
        for (int i = 0; i < 1000; i++)
            team.Run(ref counting);
    }

    private struct Counting : ITeamJob
    {
        public int[] Calls;

        public readonly void Execute(int worker, int workers) => Calls[worker]++;
    }

    private struct Failing : ITeamJob
    {
        public int Worker;
        public int[] Finished;

        public readonly void Execute(int worker, int workers)
        {
            if (worker == Worker)
                throw new InvalidOperationException($"worker {worker}");
            Thread.Sleep(5);
            Finished[worker]++;
        }
    }

    private struct Nesting : ITeamJob
    {
        public ThreadTeam Team;
        public int[] Inner;

        public readonly void Execute(int worker, int workers)
        {
            var counting = new Counting { Calls = new int[1] };
            Team.Run(ref counting);
            Inner[worker] = counting.Calls[0];
        }
    }
}
