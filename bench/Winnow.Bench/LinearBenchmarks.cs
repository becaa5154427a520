using BenchmarkDotNet.Attributes;
using Winnow.Kernels.Blocks;
using Winnow.Kernels.Linear;
using Winnow.Kernels.Memory;
using Winnow.Kernels.Threading;

namespace Winnow.Bench;

/// <summary>Products of a weight matrix of SmolLM2-135M's feed-forward block with 1, 8 and 512 tokens, in every storage type.</summary>
public class LinearBenchmarks : IWork
{
    private const int Narrow = 576, Wide = 1536;

    private readonly LinearWorkspace _workspace = new();
    private NativeBuffer<byte> _stored = null!;
    private WeightMatrix _weight = null!;
    private ThreadTeam _team = null!;
    private float[] _inputs = [], _outputs = [];

    /// <summary>Storage types; a new one is measured without being named here.</summary>
    public static IEnumerable<TensorType> Types => Enum.GetValues<TensorType>().Where(TensorTypes.IsSupported);

    /// <summary>How the weights are stored.</summary>
    [ParamsSource(nameof(Types))]
    public TensorType Type { get; set; }

    /// <summary>Input rows; 1 is decoding, 512 a piece of a prompt.</summary>
    [Params(1, 8, 512)]
    public int Tokens { get; set; }

    /// <summary>Size of the team.</summary>
    [ParamsSource(typeof(ThreadCounts), nameof(ThreadCounts.All))]
    public int Threads { get; set; }

    // Rows of 576 values do not fill blocks of 256, so those types take the projection down, which has as many weights as the one up.
    private int Columns => Narrow % TensorTypes.BlockLength(Type) == 0 ? Narrow : Wide;

    private int Rows => Columns == Narrow ? Wide : Narrow;

    /// <inheritdoc/>
    public Work Of(string benchmark) =>
        new(Rows * TensorTypes.RowBytes(Type, Columns) + (long)Tokens * Columns * sizeof(float), 2L * Tokens * Rows * Columns);

    /// <summary>Makes the matrix.</summary>
    [GlobalSetup]
    public void Setup()
    {
        _stored = new NativeBuffer<byte>(checked((int)(Rows * TensorTypes.RowBytes(Type, Columns))));
        Quantizer.FromFloat(Type, RandomData.Floats(Rows * Columns), _stored.Span);
        _weight = new WeightMatrix(Type, Rows, Columns, _stored.Bytes);
        _team = new ThreadTeam(Threads);
        _inputs = RandomData.Floats(Tokens * Columns);
        _outputs = new float[Tokens * Rows];
    }

    /// <summary>Frees it.</summary>
    [GlobalCleanup]
    public void Cleanup()
    {
        _team.Dispose();
        _workspace.Dispose();
        _stored.Dispose();
    }

    /// <summary>The product as the engine computes it.</summary>
    [Benchmark]
    public void Multiply() => LinearKernel.Multiply(_team, _workspace, _weight, _inputs, Tokens, _outputs, ActivationMode.Quantized);
}
