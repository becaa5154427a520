using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using Winnow.Kernels.Memory;
using Winnow.Kernels.Threading;

namespace Winnow.Evaluation;

/// <summary>
/// How fast the processor reads memory front to back: the line that decoding approaches, since a token reads all weights and the live cache once. A
/// buffer of a model's size may stay in a large cache, so measure that size and one far above it.
/// </summary>
public static class ReadBandwidth
{
    /// <summary>A run goes over the buffer again and again until this time is over.</summary>
    private static readonly TimeSpan LeastTime = TimeSpan.FromSeconds(0.1);

    /// <summary>Measures.</summary>
    /// <param name="bytes">Size of the buffer, 64 bytes or more for each thread.</param>
    /// <param name="threads">Threads, each with its own part; 0 for one on each processor.</param>
    /// <param name="runs">Timed runs, after one that warms up.</param>
    /// <param name="cancellation">Stops between two runs.</param>
    /// <returns>Bytes a second.</returns>
    /// <exception cref="WinnowException">A number cannot work.</exception>
    public static SpeedSummary Measure(long bytes, int threads, int runs, CancellationToken cancellation = default)
    {
        int workers = threads > 0 ? threads : Environment.ProcessorCount;
        long blocks = bytes / Vector512<byte>.Count;
        if (blocks < workers || blocks > Array.MaxLength || runs < 1)
            throw new WinnowException($"reading {bytes} bytes {runs} times on {workers} threads cannot be measured: use at least 64 bytes a thread and 1 run");
        using ThreadTeam team = new(workers);
        using NativeBuffer<Vector512<long>> buffer = new((int)blocks);
        Job job = new() { Buffer = buffer };
        double[] speeds = new double[runs];
        for (int run = -1; run < runs; run++)
        {
            cancellation.ThrowIfCancellationRequested();
            double speed = Time(team, ref job, buffer.ByteLength);
            if (run >= 0)
                speeds[run] = speed;
        }

        return SpeedSummary.Of(speeds);
    }

    private static double Time(ThreadTeam team, ref Job job, long bytes)
    {
        long started = Stopwatch.GetTimestamp(), read = 0;
        TimeSpan passed;
        do
        {
            team.Run(ref job);
            read += bytes;
            passed = Stopwatch.GetElapsedTime(started);
        }
        while (passed < LeastTime);
        return read / passed.TotalSeconds;
    }

    private struct Job : ITeamJob
    {
        public required NativeBuffer<Vector512<long>> Buffer { get; init; }

        /// <summary>Not used, but must be kept: without a result the loop could be left out.</summary>
        public long Sum { get; private set; }

        public void Execute(int worker, int workers)
        {
            ReadOnlySpan<Vector512<long>> all = Buffer.Span;
            int first = (int)((long)all.Length * worker / workers), last = (int)((long)all.Length * (worker + 1) / workers);
            ReadOnlySpan<Vector512<long>> part = all[first..last];
            // Four sums, so that no load waits for an addition.
            Vector512<long> a = default, b = default, c = default, d = default;
            int i = 0;
            for (; i <= part.Length - 4; i += 4)
            {
                a ^= part[i];
                b ^= part[i + 1];
                c ^= part[i + 2];
                d ^= part[i + 3];
            }

            for (; i < part.Length; i++)
                a ^= part[i];
            if (worker == 0)
                Sum ^= Vector512.Sum(a ^ b ^ c ^ d);
            else
                GC.KeepAlive(Vector512.Sum(a ^ b ^ c ^ d));
        }
    }
}
