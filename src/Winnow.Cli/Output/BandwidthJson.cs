namespace Winnow.Cli.Output;

/// <summary>Answer of <c>bench --bandwidth --json</c>.</summary>
internal sealed record BandwidthJson(MachineJson Machine, int Threads, IReadOnlyList<BandwidthRowJson> Results);

/// <summary>Reading a buffer of one size, in 10⁹ bytes a second.</summary>
internal sealed record BandwidthRowJson(long Bytes, int Runs, double GbPerS, SpreadJson Spread);
