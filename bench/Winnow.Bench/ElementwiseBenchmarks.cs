using BenchmarkDotNet.Attributes;
using Winnow.Kernels.Elementwise;

namespace Winnow.Bench;

/// <summary>What a thread does for one token of SmolLM2-135M between the products, in memory of the first cache.</summary>
public class ElementwiseBenchmarks : IWork
{
    private const int Width = 576, HiddenWidth = 1536, HeadDim = 64, Positions = 2048;

    private readonly float[] _x = RandomData.Floats(Width), _gain = RandomData.Floats(Width), _y = new float[Width];
    private readonly float[] _heads = RandomData.Floats(Width), _logits = RandomData.Floats(Positions);
    private readonly float[] _gate = RandomData.Floats(HiddenWidth), _up = RandomData.Floats(HiddenWidth), _hidden = new float[HiddenWidth];
    private readonly RotaryTable _rotary =
        new(HeadDim, Positions, [.. Enumerable.Range(0, HeadDim / 2).Select(pair => Math.Pow(10000, -2.0 * pair / HeadDim))]);

    /// <inheritdoc/>
    public Work Of(string benchmark) => new(sizeof(float) * (benchmark switch
    {
        nameof(RmsNorm) or nameof(LayerNorm) => 2L * Width,
        nameof(RotaryHalf) or nameof(RotaryInterleaved) => Width + HeadDim,
        nameof(SoftmaxInPlace) => Positions,
        nameof(GeluErf) => HiddenWidth,
        _ => 2L * HiddenWidth,
    }), 0);

    /// <summary>Frees the table of angles.</summary>
    [GlobalCleanup]
    public void Cleanup() => _rotary.Dispose();

    /// <summary>A row of 576.</summary>
    [Benchmark]
    public void RmsNorm() => Normalization.RmsNorm(_x, _gain, 1e-5f, _y);

    /// <summary>A row of 576 without bias.</summary>
    [Benchmark]
    public void LayerNorm() => Normalization.LayerNorm(_x, _gain, [], 1e-5f, _y);

    /// <summary>9 heads of 64.</summary>
    [Benchmark]
    public void RotaryHalf() => Rotary.Apply(_rotary, RotaryStyle.Half, _heads, HeadDim, Positions - 1);

    /// <summary>9 heads of 64.</summary>
    [Benchmark]
    public void RotaryInterleaved() => Rotary.Apply(_rotary, RotaryStyle.Interleaved, _heads, HeadDim, Positions - 1);

    /// <summary>A row of 2,048; from the second call on the row holds probabilities, which take as long.</summary>
    [Benchmark]
    public void SoftmaxInPlace() => Softmax.InPlace(_logits);

    /// <summary>Two rows of 1,536.</summary>
    [Benchmark]
    public void SiluMultiply() => Activations.SiluMultiply(_gate, _up, _hidden);

    /// <summary>Two rows of 1,536.</summary>
    [Benchmark]
    public void GeluTanhMultiply() => Activations.GeluTanhMultiply(_gate, _up, _hidden);

    /// <summary>A row of 1,536.</summary>
    [Benchmark]
    public void GeluErf() => Activations.GeluErf(_gate, _hidden);
}
