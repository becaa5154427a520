using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.ExceptionServices;

namespace Winnow.Kernels.Threading;

/// <summary>
/// A fixed set of threads that run one job together and meet again: the caller is worker 0, the others wait for it in a spin on a phase counter.
/// A small model makes hundreds of dispatches a token, so while jobs keep coming none of them costs a system call; workers left without a job
/// for about a millisecond park on an event.
/// </summary>
/// <remarks>
/// A team runs one job at a time. A <see cref="Run{TJob}"/> from inside a job, or from a second thread while a job is running, is executed inline
/// by its caller as a job of one worker.
/// </remarks>
public sealed unsafe class ThreadTeam : IDisposable
{
    private static readonly long ParkAfterTicks = Stopwatch.Frequency / 1000;

    private readonly Worker[] _workers;
    private readonly int _spinsBeforeYield;
    private volatile int _phase;
    private volatile bool _stopping;
    private volatile int _callerProcessor;
    private int _busy;
    private int _pending;
    private void* _job;
    private delegate*<void*, int, int, void> _execute;
    private ExceptionDispatchInfo? _failure;

    /// <summary>Starts <paramref name="threads"/> − 1 background threads; with 1 the team simply calls.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Fewer than 1 thread or more than 1,024.</exception>
    public ThreadTeam(int threads)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(threads, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(threads, 1024);
        Size = threads;
        // A spin is only useful while the thread waited for can run on another core.
        _spinsBeforeYield = threads <= Environment.ProcessorCount ? 2000 : 10;
        _workers = new Worker[threads - 1];
        for (int i = 0; i < _workers.Length; i++)
            _workers[i] = new Worker(this, i + 1);
        foreach (Worker worker in _workers)
            worker.Start();
    }

    /// <summary>Number of workers, the caller included.</summary>
    public int Size { get; }

    /// <summary>Whether a job is running, so that a further one would be executed inline.</summary>
    public bool IsRunning => Volatile.Read(ref _busy) != 0;

    /// <summary>Runs the job on all workers and returns when every one has finished. Allocates no managed memory.</summary>
    /// <exception cref="ObjectDisposedException">The team is disposed.</exception>
    /// <remarks>An exception in any worker is rethrown here, the first one to occur, after all workers have finished.</remarks>
    public void Run<TJob>(ref TJob job)
        where TJob : struct, ITeamJob
    {
        ObjectDisposedException.ThrowIf(_stopping, this);
        if (_workers.Length == 0 || Interlocked.CompareExchange(ref _busy, 1, 0) != 0)
        {
            job.Execute(0, 1);
            return;
        }
        // The job may sit in a heap object: pinned, so that the other threads' pointer to it stays true.
        fixed (byte* pinned = &Unsafe.As<TJob, byte>(ref job))
            Dispatch(pinned, &Execute<TJob>);
        ExceptionDispatchInfo? failure = _failure;
        _failure = null;
        Volatile.Write(ref _busy, 0);
        failure?.Throw();
    }

    /// <summary>Stops the threads. A job must not be running.</summary>
    public void Dispose()
    {
        if (_stopping)
            return;
        _stopping = true;
        Interlocked.Increment(ref _phase);
        foreach (Worker worker in _workers)
            worker.Join();
    }

    private static void Execute<TJob>(void* job, int worker, int workers)
        where TJob : struct, ITeamJob => Unsafe.AsRef<TJob>(job).Execute(worker, workers);

    private void Dispatch(void* job, delegate*<void*, int, int, void> execute)
    {
        _job = job;
        _execute = execute;
        _callerProcessor = Thread.GetCurrentProcessorId();
        Volatile.Write(ref _pending, _workers.Length);
        Interlocked.Increment(ref _phase);
        foreach (Worker worker in _workers)
            worker.Unpark();
        ExecuteShare(0);
        for (int spins = 0; Volatile.Read(ref _pending) != 0; spins++)
            Pause(spins);
        _job = null;
    }

    private void ExecuteShare(int worker)
    {
        try
        {
            _execute(_job, worker, Size);
        }
#pragma warning disable CA1031 // Whatever a share throws belongs to the caller of Run.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            Interlocked.CompareExchange(ref _failure, ExceptionDispatchInfo.Capture(exception), null);
        }
    }

    private void Pause(int spins)
    {
        if (spins < _spinsBeforeYield || spins % 16 != 0)
            Thread.SpinWait(1);
        else
            Thread.Yield();
    }

    private sealed class Worker
    {
        private readonly ThreadTeam _team;
        private readonly int _index;
        private readonly Thread _thread;
        private readonly AutoResetEvent _wake = new(false);
        private int _parked;

        public Worker(ThreadTeam team, int index)
        {
            _team = team;
            _index = index;
            _thread = new Thread(Loop) { IsBackground = true, Name = $"Winnow worker {index}" };
        }

        public void Start() => _thread.Start();

        public void Join()
        {
            Unpark();
            _thread.Join();
            _wake.Dispose();
        }

        /// <summary>Wakes the worker if it is parked. Whoever flips the flag back owns the wake-up, so no event is ever left over.</summary>
        public void Unpark()
        {
            if (Volatile.Read(ref _parked) != 0 && Interlocked.Exchange(ref _parked, 0) != 0)
                _wake.Set();
        }

        private void Loop()
        {
            for (int phase = 0; ; phase++)
            {
                WaitForPhaseAfter(phase);
                if (_team._stopping)
                    return;
                _team.ExecuteShare(_index);
                Interlocked.Decrement(ref _team._pending);
            }
        }

        private void WaitForPhaseAfter(int phase)
        {
            long parkAt = 0;
            for (int spins = 0; _team._phase == phase; spins++)
            {
                _team.Pause(spins);
                if (spins % 64 != 63)
                    continue;
                // Two threads that spin and yield can share a processor for seconds beside an idle one; waking from an event picks the idle one.
                if (Thread.GetCurrentProcessorId() == _team._callerProcessor)
                {
                    Park(phase);
                    continue;
                }
                long now = Stopwatch.GetTimestamp();
                if (parkAt == 0)
                    parkAt = now + ParkAfterTicks;
                else if (now > parkAt)
                    Park(phase);
            }
        }

        private void Park(int phase)
        {
            Interlocked.Exchange(ref _parked, 1);
            // The phase may have moved before the flag was seen; then the dispatcher either missed the flag or already signals.
            if (_team._phase != phase && Interlocked.Exchange(ref _parked, 0) != 0)
                return;
            _wake.WaitOne();
        }
    }
}
