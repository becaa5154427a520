using System.Numerics.Tensors;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Winnow.Kernels.Simd;

namespace Winnow.Kernels.Elementwise;

/// <summary>Activation functions over any number of values. An output may be one of the inputs itself, but must not overlap it partly.</summary>
public static class Activations
{
    private const int ChunkLength = 256;
    private const float TanhScale = 0.7978845608028654f; // √(2/π)
    private const float TanhCubic = 0.044715f;

    /// <summary>y = gate · σ(gate) · up (SwiGLU, Shazeer 2020).</summary>
    /// <exception cref="ArgumentException">The lengths differ.</exception>
    public static void SiluMultiply(ReadOnlySpan<float> gate, ReadOnlySpan<float> up, Span<float> y)
    {
        RequireEqual(gate.Length, up.Length, y.Length);
        Span<float> chunk = stackalloc float[ChunkLength];
        for (int i = 0; i < gate.Length; i += ChunkLength)
        {
            int length = Math.Min(ChunkLength, gate.Length - i);
            Span<float> work = chunk[..length];
            Sigmoid(gate.Slice(i, length), work);
            TensorPrimitives.Multiply(work, gate.Slice(i, length), work);
            TensorPrimitives.Multiply(work, up.Slice(i, length), y.Slice(i, length));
        }
    }

    /// <summary>y = GELU(gate) · up with the tanh form of GELU (GeGLU, Shazeer 2020).</summary>
    /// <exception cref="ArgumentException">The lengths differ.</exception>
    public static void GeluTanhMultiply(ReadOnlySpan<float> gate, ReadOnlySpan<float> up, Span<float> y)
    {
        RequireEqual(gate.Length, up.Length, y.Length);
        Span<float> chunk = stackalloc float[ChunkLength];
        for (int i = 0; i < gate.Length; i += ChunkLength)
        {
            int length = Math.Min(ChunkLength, gate.Length - i);
            GeluTanh(gate.Slice(i, length), chunk[..length]);
            TensorPrimitives.Multiply(chunk[..length], up.Slice(i, length), y.Slice(i, length));
        }
    }

    /// <summary>y = x/2 · (1 + tanh(√(2/π) · (x + 0.044715 x³))) (Hendrycks and Gimpel 2016).</summary>
    /// <exception cref="ArgumentException">The lengths differ.</exception>
    public static void GeluTanh(ReadOnlySpan<float> x, Span<float> y)
    {
        RequireEqual(x.Length, x.Length, y.Length);
        Span<float> chunk = stackalloc float[ChunkLength];
        for (int i = 0; i < x.Length; i += ChunkLength)
        {
            int length = Math.Min(ChunkLength, x.Length - i);
            ReadOnlySpan<float> part = x.Slice(i, length);
            Span<float> work = chunk[..length];
            // x/2 · (1 + tanh u) = x · σ(2u): one exponential and no cancellation for negative x.
            TensorPrimitives.Multiply(part, part, work);
            TensorPrimitives.Multiply(work, 2 * TanhScale * TanhCubic, work);
            TensorPrimitives.Add(work, 2 * TanhScale, work);
            TensorPrimitives.Multiply(work, part, work);
            Sigmoid(work, work);
            TensorPrimitives.Multiply(work, part, y.Slice(i, length));
        }
    }

    /// <summary>y = x/2 · (1 + erf(x/√2)) (Hendrycks and Gimpel 2016).</summary>
    /// <remarks>erf as in Abramowitz and Stegun 7.1.26; its absolute error of 1.5e-7 is that of a float near 1.</remarks>
    /// <exception cref="ArgumentException">The lengths differ.</exception>
    public static void GeluErf(ReadOnlySpan<float> x, Span<float> y)
    {
        RequireEqual(x.Length, x.Length, y.Length);
        for (int i = 0; i < x.Length; i++)
            y[i] = (float)(0.5 * x[i] * (1 + Erf(x[i] * 0.7071067811865476)));
    }

    /// <summary>y = max(x, 0).</summary>
    /// <exception cref="ArgumentException">The lengths differ.</exception>
    public static void Relu(ReadOnlySpan<float> x, Span<float> y)
    {
        RequireEqual(x.Length, x.Length, y.Length);
        TensorPrimitives.Max(x, 0f, y);
    }

    /// <summary>x ← cap · tanh(x / cap), in place (the logit cap of Gemma 2).</summary>
    public static void SoftCap(Span<float> x, float cap)
    {
        TensorPrimitives.Divide(x, cap, x);
        TensorPrimitives.Tanh<float>(x, x);
        TensorPrimitives.Multiply(x, cap, x);
    }

    private static void Sigmoid(ReadOnlySpan<float> x, Span<float> y)
    {
        if (Vector512.IsHardwareAccelerated)
            Sigmoid<FloatVector512>(x, y);
        else if (Vector256.IsHardwareAccelerated)
            Sigmoid<FloatVector256>(x, y);
        else if (Vector128.IsHardwareAccelerated)
            Sigmoid<FloatVector128>(x, y);
        else
            Sigmoid<FloatVectorScalar>(x, y);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static unsafe void Sigmoid<TVector>(ReadOnlySpan<float> x, Span<float> y)
        where TVector : unmanaged, IFloatVector<TVector>
    {
        fixed (float* from = x, to = y)
        {
            int i = 0;
            for (; i <= x.Length - TVector.Count; i += TVector.Count)
                TVector.Store(TVector.Sigmoid(TVector.Load(from + i)), to + i);
            if (i == x.Length)
                return;
            float* rest = stackalloc float[TVector.Count];
            Span<float> values = new(rest, x.Length - i);
            x[i..].CopyTo(values);
            TVector.Store(TVector.Sigmoid(TVector.Load(rest)), rest);
            values.CopyTo(y[i..]);
        }
    }

    private static double Erf(double x)
    {
        double a = Math.Abs(x), t = 1 / (1 + 0.3275911 * a);
        double polynomial = t * (0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429))));
        return Math.CopySign(1 - polynomial * Math.Exp(-a * a), x);
    }

    private static void RequireEqual(int first, int second, int output)
    {
        if (first != second || first != output)
            throw new ArgumentException($"lengths {first}, {second} and {output} must be equal");
    }
}
