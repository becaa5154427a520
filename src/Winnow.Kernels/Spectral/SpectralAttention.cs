using System.Numerics.Tensors;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Winnow.Kernels.Attention;
using Winnow.Kernels.Memory;
using Winnow.Kernels.Simd;
using Winnow.Kernels.Threading;

namespace Winnow.Kernels.Spectral;

/// <summary>
/// Attention over spectral segments, joined to attention over pages as one softmax. Scores and values are evaluated from the sums themselves; no channel is
/// rebuilt. Liu et al. 2025, arXiv 2506.11886. One instance serves one call at a time.
/// </summary>
public sealed unsafe class SpectralAttention : IDisposable
{
    private const int SplitUpToTokens = 16;
    private const int BlocksPerRun = 8;
    private readonly ThreadTeam _team;
    private readonly NativeBuffer<float>[] _scratch;
    private readonly NativeBuffer<SpectralView> _lanes = new();
    private readonly NativeBuffer<float> _partials = new();
    private readonly NativeBuffer<int> _next = new(16);
    private readonly NativeBuffer<float> _row = new();

    /// <summary>Prepares working memory for the workers of a team.</summary>
    public SpectralAttention(ThreadTeam team)
    {
        _team = team;
        _scratch = new NativeBuffer<float>[team.Size];
        for (int i = 0; i < _scratch.Length; i++)
            _scratch[i] = new NativeBuffer<float>();
    }

    /// <summary>Joins the segments to a finished attention.</summary>
    /// <param name="request">Segments and queries.</param>
    /// <param name="output">[tokens, queryHeads, headDim]: attention over the pages; becomes that over pages and segments.</param>
    /// <param name="logSumExp">[tokens, queryHeads] of the attention over the pages; −∞ where nothing was seen.</param>
    /// <exception cref="ArgumentException">The request's sizes do not fit together.</exception>
    public void Join(in SpectralRequest request, Span<float> output, ReadOnlySpan<float> logSumExp)
    {
        if (Vector512.IsHardwareAccelerated)
            Join<FloatVector512>(request, output, logSumExp);
        else if (Vector256.IsHardwareAccelerated)
            Join<FloatVector256>(request, output, logSumExp);
        else if (Vector128.IsHardwareAccelerated)
            Join<FloatVector128>(request, output, logSumExp);
        else
            Join<FloatVectorScalar>(request, output, logSumExp);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (NativeBuffer<float> scratch in _scratch)
            scratch.Dispose();
        _lanes.Dispose();
        _partials.Dispose();
        _next.Dispose();
        _row.Dispose();
    }

    internal void Join<TVector>(in SpectralRequest request, Span<float> output, ReadOnlySpan<float> logSumExp)
        where TVector : unmanaged, IFloatVector<TVector>
    {
        Require(request, output, logSumExp);
        if (request.Lanes[0].Length == 0)
            return;
        _lanes.EnsureLength(request.Lanes.Length);
        request.Lanes.CopyTo(_lanes.Span);
        fixed (float* queries = request.Queries, target = output)
        {
            SpectralInputs inputs = new(request, _lanes.Pointer, queries, request.Tokens <= SplitUpToTokens ? BlocksPerRun : 1 << 24);
            foreach (NativeBuffer<float> scratch in _scratch)
                scratch.EnsureLength(inputs.ScratchFloats(request.Basis.Width));
            _partials.EnsureLength(checked(inputs.Runs * inputs.Tokens * inputs.QueryHeads * inputs.PartialStride));
            _row.EnsureLength(inputs.Width + inputs.HeadDim);
            *_next.Pointer = 0;
            SpectralJob<TVector> job = new(inputs, request.Basis, _scratch, _next.Pointer, _partials.Pointer);
            _team.Run(ref job);
            for (int row = 0; row < inputs.Tokens * inputs.QueryHeads; row++)
                JoinRow<TVector>(inputs, request.Basis, row, target + (long)row * inputs.HeadDim, logSumExp[row]);
        }
    }

    private static void Require(in SpectralRequest request, Span<float> output, ReadOnlySpan<float> logSumExp)
    {
        int rows = request.Tokens * request.QueryHeads;
        if (request.Lanes.Length == 0 || request.QueryHeads % request.Lanes.Length != 0)
            throw new ArgumentException($"{request.QueryHeads} query heads cannot share {request.Lanes.Length} lanes evenly", nameof(request));
        if (request.Queries.Length < rows * request.HeadDim || output.Length < rows * request.HeadDim || logSumExp.Length < rows)
        {
            throw new ArgumentException(
                $"{request.Queries.Length} and {output.Length} floats are too few for {rows} rows of {request.HeadDim}", nameof(output));
        }

        foreach (SpectralView lane in request.Lanes)
        {
            if (lane.Length != request.Lanes[0].Length || lane.Length > request.Basis.Period)
            {
                throw new ArgumentException(
                    $"a segment of {lane.Length} tokens beside one of {request.Lanes[0].Length} in a period of {request.Basis.Period}", nameof(request));
            }
        }
    }

    /// <summary>Adds up the runs of one query head, then weighs them against the pages by the two sums of exponentials.</summary>
    private void JoinRow<TVector>(in SpectralInputs inputs, SpectralBasis basis, int row, float* output, float pages)
        where TVector : unmanaged, IFloatVector<TVector>
    {
        int token = row / inputs.QueryHeads, lane = row % inputs.QueryHeads / inputs.Group, head = row % inputs.Group;
        long index = ((long)lane * inputs.Tokens + token) * inputs.Group + head, rows = (long)inputs.Tokens * inputs.QueryHeads;
        float maximum = pages, total = float.IsNegativeInfinity(pages) ? 0 : 1;
        for (int run = 0; run < inputs.Runs; run++)
            maximum = MathF.Max(maximum, _partials.Pointer[(run * rows + index) * inputs.PartialStride + inputs.Width]);
        total *= MathF.Exp(pages - maximum);
        float pageWeight = total, segment = 0;
        Span<float> sums = _row.Span[..inputs.Width];
        sums.Clear();
        for (int run = 0; run < inputs.Runs; run++)
        {
            float* partial = _partials.Pointer + (run * rows + index) * inputs.PartialStride;
            float factor = MathF.Exp(partial[inputs.Width] - maximum);
            segment += factor * partial[inputs.Width + 1];
            TensorPrimitives.MultiplyAdd(new ReadOnlySpan<float>(partial, inputs.Width), factor, sums, sums);
        }

        total += segment;
        float* values = _row.Pointer + inputs.Width;
        Scatter<TVector>(inputs.Lanes[lane].Values, basis, _row.Pointer, inputs.Width - basis.Width, segment, values);
        for (int i = 0; i < inputs.HeadDim; i++)
            output[i] = (output[i] * pageWeight + values[i]) / total;
    }

    private static void Scatter<TVector>(in SpectralChannelView view, SpectralBasis basis, float* sums, int keptWidth, float weight, float* values)
        where TVector : unmanaged, IFloatVector<TVector>
    {
        for (int i = 0; i < view.KeptCount; i++)
            values[view.Kept[i]] = sums[i];
        float* probabilities = sums + keptWidth;
        for (int i = 0; i < view.CompressedCount; i++)
        {
            float curve = view.States is not null
                ? Dot<TVector, FloatLoader<TVector>>(basis, probabilities, new(view.States + (long)i * 2 * basis.Frequencies, basis.Frequencies))
                : Dot<TVector, HalfLoader<TVector>>(basis, probabilities, new(view.HalfStates + (long)i * 2 * basis.Frequencies, basis.Frequencies));
            values[view.Compressed[i]] = view.Scales[i] * curve + weight * view.Offsets[i];
        }
    }

    /// <summary>Reads over the end of a row of states; the probabilities' sums are zero there.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static float Dot<TVector, TLoader>(SpectralBasis basis, float* sums, TLoader states)
        where TVector : unmanaged, IFloatVector<TVector>
        where TLoader : struct, ITileLoader<TVector>
    {
        TVector total = TVector.Zero;
        int padded = basis.PaddedFrequencies;
        for (int f = 0; f < padded; f += TVector.Count)
        {
            total = TVector.MultiplyAdd(TVector.Load(sums + f), states.Load(0, f), total);
            total = TVector.MultiplyAdd(TVector.Load(sums + padded + f), states.Load(1, f), total);
        }

        return TVector.HorizontalSum(total);
    }
}
