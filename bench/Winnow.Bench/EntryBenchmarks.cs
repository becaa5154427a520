using BenchmarkDotNet.Attributes;
using Winnow.Kernels.Attention;
using Winnow.Kernels.Elementwise;
using Winnow.Kernels.Threading;

namespace Winnow.Bench;

/// <summary>Rotating the queries and keys of new tokens and storing their entries, for one layer of SmolLM2-135M.</summary>
public class EntryBenchmarks : IWork
{
    private const int Entries = 512, KvHeads = 3, Group = 3, HeadDim = 64;

    private PagePool _pool = null!;
    private ThreadTeam _team = null!;
    private EntryWriter _writer = null!;
    private RotaryTable _rotary = null!;
    private RandomLane[] _owned = [];
    private LaneView[] _lanes = [];
    private float[] _queries = [], _keys = [], _values = [];

    /// <summary>How keys and values are stored.</summary>
    [Params(EntryType.F16, EntryType.Q8_0, EntryType.Q4_0)]
    public EntryType Cache { get; set; }

    /// <summary>New tokens.</summary>
    [Params(1, 512)]
    public int Tokens { get; set; }

    /// <summary>Size of the team.</summary>
    [ParamsSource(typeof(ThreadCounts), nameof(ThreadCounts.All))]
    public int Threads { get; set; }

    /// <inheritdoc/>
    public Work Of(string benchmark) => new((long)Tokens * KvHeads * (Group + 2) * HeadDim * sizeof(float), 0);

    /// <summary>Makes lanes that have room.</summary>
    [GlobalSetup]
    public void Setup()
    {
        _pool = new PagePool(new PageFormat(HeadDim, Cache));
        _team = new ThreadTeam(Threads);
        _writer = new EntryWriter(_team, _pool.Format);
        _rotary = new RotaryTable(HeadDim, Entries, [.. Enumerable.Range(0, HeadDim / 2).Select(pair => Math.Pow(10000, -2.0 * pair / HeadDim))]);
        _owned = [.. Enumerable.Range(0, KvHeads).Select(_ => new RandomLane(_pool, Entries))];
        _lanes = [.. _owned.Select(lane => lane.View)];
        _queries = RandomData.Floats(Tokens * KvHeads * Group * HeadDim);
        _keys = RandomData.Floats(Tokens * KvHeads * HeadDim);
        _values = RandomData.Floats(Tokens * KvHeads * HeadDim);
    }

    /// <summary>Frees them.</summary>
    [GlobalCleanup]
    public void Cleanup()
    {
        _writer.Dispose();
        _team.Dispose();
        _rotary.Dispose();
        foreach (RandomLane lane in _owned)
            lane.Dispose();
        _pool.Dispose();
    }

    /// <summary>Rotates in place and stores.</summary>
    [Benchmark]
    public void Write() => _writer.Write(_lanes, _queries, _keys, _values, Tokens, [Entries - Tokens], _rotary, RotaryStyle.Half);
}
