using BenchmarkDotNet.Running;
using Winnow.Bench;

string[] rest = ThreadCounts.Take(args);
BenchmarkSwitcher.FromAssembly(typeof(ThreadCounts).Assembly).Run(rest, new BenchSettings(rest));
