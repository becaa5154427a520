using BenchmarkDotNet.Attributes;
using Winnow.Kernels.Attention;
using Winnow.Kernels.Memory;
using Winnow.Kernels.Threading;

namespace Winnow.Bench;

/// <summary>
/// One layer's attention of SmolLM2-135M over a cache of 2,048 entries, the new tokens included: 3 KV heads of 64 channels, 3 query heads to each.
/// </summary>
public class AttentionBenchmarks : IWork
{
    private const int Entries = 2048, KvHeads = 3, Group = 3, HeadDim = 64;

    private PagePool _pool = null!;
    private ThreadTeam _team = null!;
    private PagedAttention _attention = null!;
    private RandomLane[] _owned = [];
    private LaneView[] _lanes = [];
    private NativeBuffer<float>[] _sums = [];
    private float[] _queries = [], _outputs = [];
    private int[] _firstPositions = [];

    /// <summary>How keys and values are stored.</summary>
    [Params(EntryType.F16, EntryType.Q8_0, EntryType.Q4_0)]
    public EntryType Cache { get; set; }

    /// <summary>Newest tokens, which ask; 1 is decoding.</summary>
    [Params(1, 64, 256)]
    public int Tokens { get; set; }

    /// <summary>Size of the team.</summary>
    [ParamsSource(typeof(ThreadCounts), nameof(ThreadCounts.All))]
    public int Threads { get; set; }

    /// <inheritdoc/>
    public Work Of(string benchmark)
    {
        PageFormat format = new(HeadDim, Cache);
        long pages = (long)KvHeads * Entries / PageFormat.Entries;
        // The last token sees every entry and each one before it an entry less. The sums take the products with keys again, not those with values.
        long pairs = (long)KvHeads * Group * (Tokens * (long)Entries - Tokens * (Tokens - 1L) / 2);
        return benchmark == nameof(AttendAndObserve)
            ? new Work(pages * format.PayloadBytes * 3 / 2, 3 * 2 * pairs * HeadDim)
            : new Work(pages * format.PayloadBytes, 2 * 2 * pairs * HeadDim);
    }

    /// <summary>Fills the lanes.</summary>
    [GlobalSetup]
    public void Setup()
    {
        _pool = new PagePool(new PageFormat(HeadDim, Cache));
        _team = new ThreadTeam(Threads);
        _attention = new PagedAttention(_team, _pool.Format);
        _owned = [.. Enumerable.Range(0, KvHeads).Select(_ => new RandomLane(_pool, Entries))];
        _lanes = [.. _owned.Select(lane => lane.View)];
        _sums = [.. _owned.Select(_ => new NativeBuffer<float>(Entries))];
        _queries = RandomData.Floats(Tokens * KvHeads * Group * HeadDim);
        _outputs = new float[_queries.Length];
        _firstPositions = [Entries - Tokens];
    }

    /// <summary>Frees them.</summary>
    [GlobalCleanup]
    public void Cleanup()
    {
        _attention.Dispose();
        _team.Dispose();
        foreach (IDisposable owned in (IEnumerable<IDisposable>)[.. _owned, .. _sums])
            owned.Dispose();
        _pool.Dispose();
    }

    /// <summary>Attention alone.</summary>
    [Benchmark(Baseline = true)]
    public void Attend() => _attention.Attend(Request(), _outputs);

    /// <summary>Attention and what each entry received of it: what a policy such as h2o pays for.</summary>
    [Benchmark]
    public void AttendAndObserve()
    {
        AttentionRequest request = Request();
        _attention.Attend(request, _outputs);
        _attention.AddColumnSums(request, new ColumnObservation(), _sums);
    }

    private AttentionRequest Request() => new()
    {
        Lanes = _lanes,
        Queries = _queries,
        Tokens = Tokens,
        QueryHeads = KvHeads * Group,
        FirstPositions = _firstPositions,
        Scale = 1 / MathF.Sqrt(HeadDim),
    };
}
