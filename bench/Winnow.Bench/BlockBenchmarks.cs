using BenchmarkDotNet.Attributes;
using Winnow.Kernels.Blocks;

namespace Winnow.Bench;

/// <summary>Decoding and encoding a row of 1,536 values on one thread: an embedding, and what <c>winnow quantize</c> does.</summary>
public class BlockBenchmarks : IWork
{
    private const int Values = 1536;

    private readonly float[] _values = RandomData.Floats(Values), _decoded = new float[Values];
    private byte[] _stored = [], _encoded = [];

    /// <summary>Storage types; a new one is measured without being named here.</summary>
    public static IEnumerable<TensorType> Types => LinearBenchmarks.Types;

    /// <summary>How the row is stored.</summary>
    [ParamsSource(nameof(Types))]
    public TensorType Type { get; set; }

    /// <inheritdoc/>
    public Work Of(string benchmark) => new(benchmark == nameof(Encode) ? Values * sizeof(float) : TensorTypes.RowBytes(Type, Values), 0);

    /// <summary>Makes the row.</summary>
    [GlobalSetup]
    public void Setup()
    {
        _stored = new byte[TensorTypes.RowBytes(Type, Values)];
        _encoded = new byte[_stored.Length];
        Quantizer.FromFloat(Type, _values, _stored);
    }

    /// <summary>To floats.</summary>
    [Benchmark]
    public void Decode() => Dequantizer.ToFloat(Type, _stored, _decoded);

    /// <summary>From floats.</summary>
    [Benchmark]
    public void Encode() => Quantizer.FromFloat(Type, _values, _encoded);
}
