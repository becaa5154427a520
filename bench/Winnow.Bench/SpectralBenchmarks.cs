using BenchmarkDotNet.Attributes;
using Winnow.Kernels.Spectral;
using Winnow.Kernels.Threading;

namespace Winnow.Bench;

/// <summary>One layer's decoding over spectral segments of 2,048 tokens: 3 KV heads of 64 channels, 48 of them as sums, 3 query heads to each.</summary>
public class SpectralBenchmarks : IWork
{
    private const int Length = 2048, KvHeads = 3, Group = 3, HeadDim = 64, Compressed = 48, Frequencies = 32;

    private readonly SpectralBasis _basis = new(Length, Frequencies);
    private ThreadTeam _team = null!;
    private SpectralAttention _attention = null!;
    private RandomSegment[] _owned = [];
    private SpectralView[] _lanes = [];
    private float[] _queries = [], _outputs = [], _logSumExp = [];

    /// <summary>Size of the team.</summary>
    [ParamsSource(typeof(ThreadCounts), nameof(ThreadCounts.All))]
    public int Threads { get; set; }

    /// <inheritdoc/>
    public Work Of(string benchmark) =>
        new(2L * KvHeads * ((HeadDim - Compressed) * Length + Compressed * 2 * Frequencies) * sizeof(ushort), 0);

    /// <summary>Fills the segments.</summary>
    [GlobalSetup]
    public void Setup()
    {
        _team = new ThreadTeam(Threads);
        _attention = new SpectralAttention(_team);
        _owned = [.. Enumerable.Range(0, KvHeads).Select(_ => new RandomSegment(Length, HeadDim, Compressed, Frequencies))];
        _lanes = [.. _owned.Select(segment => segment.View)];
        _queries = RandomData.Floats(KvHeads * Group * HeadDim);
        _outputs = RandomData.Floats(_queries.Length);
        _logSumExp = RandomData.Floats(KvHeads * Group);
    }

    /// <summary>Frees them.</summary>
    [GlobalCleanup]
    public void Cleanup()
    {
        _attention.Dispose();
        _team.Dispose();
        _basis.Dispose();
        foreach (RandomSegment segment in _owned)
            segment.Dispose();
    }

    /// <summary>Joins the segments to a finished attention over pages.</summary>
    [Benchmark]
    public void Join()
    {
        SpectralRequest request = new()
        {
            Lanes = _lanes, Basis = _basis, Queries = _queries, Tokens = 1, QueryHeads = KvHeads * Group, HeadDim = HeadDim, Scale = 1 / MathF.Sqrt(HeadDim),
        };
        _attention.Join(request, _outputs, _logSumExp);
    }
}
