using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Winnow.Kernels.Attention;
using Winnow.Kernels.Memory;
using Winnow.Kernels.Simd;

namespace Winnow.Kernels.Spectral;

/// <summary>
/// Sums of series against a <see cref="SpectralBasis"/>, and series from such sums, both as matrix products of 64 tokens at a time. For the few frequencies
/// that a cache keeps this is faster than a fast transform of the whole period. Liu et al. 2025, "Beyond Homogeneous Attention: Memory-Efficient LLMs via
/// Fourier-Approximated KV Cache", arXiv 2506.11886.
/// </summary>
public static unsafe class SpectralTransform
{
    /// <summary>c_f = Σ u_t cos(2πft/T) and s_f = Σ u_t sin(2πft/T) of several series that begin at t = 0.</summary>
    /// <param name="basis">Frequencies and period.</param>
    /// <param name="series">[rows, stride]; what follows <paramref name="length"/> in the last block must be zero.</param>
    /// <param name="rows">Series.</param>
    /// <param name="stride">Floats from one series to the next, a multiple of 64.</param>
    /// <param name="length">Tokens, at most the period.</param>
    /// <param name="states">[rows, <see cref="SpectralBasis.Width"/>]; overwritten.</param>
    public static void Analyse(SpectralBasis basis, NativeBuffer<float> series, int rows, int stride, int length, NativeBuffer<float> states)
    {
        Require(basis, series, rows, stride, length, states);
        using NativeBuffer<float> work = new(rows * basis.Width);
        states.Span[..(rows * basis.Width)].Clear();
        for (int block = 0; block * SpectralBasis.Block < length; block++)
        {
            float* source = series.Pointer + block * SpectralBasis.Block;
            if (Vector512.IsHardwareAccelerated)
                AnalyseBlock<FloatVector512>(basis, block, source, stride, rows, work.Pointer, states.Pointer, basis.Width);
            else if (Vector256.IsHardwareAccelerated)
                AnalyseBlock<FloatVector256>(basis, block, source, stride, rows, work.Pointer, states.Pointer, basis.Width);
            else if (Vector128.IsHardwareAccelerated)
                AnalyseBlock<FloatVector128>(basis, block, source, stride, rows, work.Pointer, states.Pointer, basis.Width);
            else
                AnalyseBlock<FloatVectorScalar>(basis, block, source, stride, rows, work.Pointer, states.Pointer, basis.Width);
        }
    }

    /// <summary>Σ_f c_f cos(2πft/T) + s_f sin(2πft/T) for each row and t = 0 … length−1; the rest of the last block is filled too.</summary>
    /// <param name="basis">Frequencies and period.</param>
    /// <param name="states">[rows, <see cref="SpectralBasis.Width"/>].</param>
    /// <param name="rows">Series.</param>
    /// <param name="stride">Floats from one series to the next, a multiple of 64.</param>
    /// <param name="length">Tokens, at most the period.</param>
    /// <param name="series">[rows, stride]; overwritten.</param>
    public static void Synthesise(SpectralBasis basis, NativeBuffer<float> states, int rows, int stride, int length, NativeBuffer<float> series)
    {
        Require(basis, series, rows, stride, length, states);
        using NativeBuffer<float> work = new(rows * basis.Width);
        for (int block = 0; block * SpectralBasis.Block < length; block++)
        {
            float* target = series.Pointer + block * SpectralBasis.Block;
            if (Vector512.IsHardwareAccelerated)
                SynthesiseBlock<FloatVector512>(basis, block, states.Pointer, rows, work.Pointer, target, stride, accumulate: false);
            else if (Vector256.IsHardwareAccelerated)
                SynthesiseBlock<FloatVector256>(basis, block, states.Pointer, rows, work.Pointer, target, stride, accumulate: false);
            else if (Vector128.IsHardwareAccelerated)
                SynthesiseBlock<FloatVector128>(basis, block, states.Pointer, rows, work.Pointer, target, stride, accumulate: false);
            else
                SynthesiseBlock<FloatVectorScalar>(basis, block, states.Pointer, rows, work.Pointer, target, stride, accumulate: false);
        }
    }

    /// <summary>Adds the sums of one block to rows of coefficients.</summary>
    internal static void AnalyseBlock<TVector>(
        SpectralBasis basis, int block, float* source, int stride, int rows, float* work, float* states, int stateStride)
        where TVector : unmanaged, IFloatVector<TVector>
    {
        int width = basis.Width;
        TileProduct.Multiply<TVector, FloatLoader<TVector>>(
            source, stride, new FloatLoader<TVector>(basis.InnerByToken, width), rows, SpectralBasis.Block, width, work, width, accumulate: false);
        float* angles = basis.BlockAngles(block);
        for (int row = 0; row < rows; row++)
            AddTurned<TVector>(angles, basis.PaddedFrequencies, work + row * width, states + (long)row * stateStride);
    }

    /// <summary>Evaluates rows of coefficients at the tokens of one block.</summary>
    internal static void SynthesiseBlock<TVector>(
        SpectralBasis basis, int block, float* states, int rows, float* work, float* target, int stride, bool accumulate)
        where TVector : unmanaged, IFloatVector<TVector>
    {
        int width = basis.Width;
        float* angles = basis.BlockAngles(block);
        for (int row = 0; row < rows; row++)
            Turn<TVector>(angles, basis.PaddedFrequencies, states + row * width, work + row * width);
        TileProduct.Multiply<TVector, FloatLoader<TVector>>(
            work, width, new FloatLoader<TVector>(basis.Inner, SpectralBasis.Block), rows, width, SpectralBasis.Block, target, stride, accumulate);
    }

    /// <summary>From sums over a block's own tokens 0 … 63 to sums over the tokens of the text: c += C·c' − S·s', s += S·c' + C·s'.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void AddTurned<TVector>(float* angles, int padded, float* local, float* states)
        where TVector : unmanaged, IFloatVector<TVector>
    {
        TVector minus = TVector.Splat(-1);
        for (int f = 0; f < padded; f += TVector.Count)
        {
            TVector cos = TVector.Load(angles + f), sin = TVector.Load(angles + padded + f);
            TVector c = TVector.Load(local + f), s = TVector.Load(local + padded + f);
            TVector toCos = TVector.MultiplyAdd(cos, c, TVector.Load(states + f));
            TVector.Store(TVector.MultiplyAdd(TVector.Multiply(sin, minus), s, toCos), states + f);
            TVector toSin = TVector.MultiplyAdd(sin, c, TVector.Load(states + padded + f));
            TVector.Store(TVector.MultiplyAdd(cos, s, toSin), states + padded + f);
        }
    }

    /// <summary>The same curve as a function of a block's own tokens 0 … 63: c' = C·c + S·s, s' = C·s − S·c.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Turn<TVector>(float* angles, int padded, float* states, float* local)
        where TVector : unmanaged, IFloatVector<TVector>
    {
        TVector minus = TVector.Splat(-1);
        for (int f = 0; f < padded; f += TVector.Count)
        {
            TVector cos = TVector.Load(angles + f), sin = TVector.Load(angles + padded + f);
            TVector c = TVector.Load(states + f), s = TVector.Load(states + padded + f);
            TVector.Store(TVector.MultiplyAdd(cos, c, TVector.Multiply(sin, s)), local + f);
            TVector.Store(TVector.MultiplyAdd(cos, s, TVector.Multiply(TVector.Multiply(sin, minus), c)), local + padded + f);
        }
    }

    private static void Require(SpectralBasis basis, NativeBuffer<float> series, int rows, int stride, int length, NativeBuffer<float> states)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(length, basis.Period);
        if (stride % SpectralBasis.Block != 0 || stride < length || series.Length < (long)rows * stride || states.Length < (long)rows * basis.Width)
        {
            throw new ArgumentException(
                $"{series.Length} and {states.Length} floats do not hold {rows} series of {length} tokens and their sums", nameof(series));
        }
    }
}
