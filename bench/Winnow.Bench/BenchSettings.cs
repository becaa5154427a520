using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Jobs;
using Perfolizer.Horology;

namespace Winnow.Bench;

/// <summary>What every benchmark of this program runs and prints with; options of the command line add to it.</summary>
internal sealed class BenchSettings : ManualConfig
{
    /// <summary>Settings beside the options of BenchmarkDotNet.</summary>
    /// <param name="args">Those options: a job named there stands instead of ours, not beside it.</param>
    public BenchSettings(IEnumerable<string> args)
    {
        Add(DefaultConfig.Instance);
        // A call takes microseconds to milliseconds: iterations of a seventh of a second hold enough of them, and a hundred cases end in minutes.
        if (!args.Any(arg => arg is "-j" || arg.StartsWith("--job", StringComparison.Ordinal)))
            AddJob(Job.Default.WithIterationTime(TimeInterval.FromMilliseconds(150)).WithMaxIterationCount(20).AsDefault());
        AddColumn(new RateColumn("GB/s", "Bytes that the call must read, divided by Mean", work => work.Bytes));
        AddColumn(new RateColumn("GOP/s", "Two operations for each multiply-add, divided by Mean", work => work.Operations));
    }
}
