using System.Numerics.Tensors;
using Winnow.Kernels.Attention;
using Winnow.Kernels.Memory;
using Winnow.Kernels.Simd;
using Winnow.Kernels.Threading;

namespace Winnow.Kernels.Spectral;

/// <summary>Sizes of a request with its spans pinned, shared by the workers.</summary>
internal readonly unsafe struct SpectralInputs
{
    private const int TileRows = 64;

    public SpectralInputs(in SpectralRequest request, SpectralView* lanes, float* queries, int blocksPerRun)
    {
        Lanes = lanes;
        Queries = queries;
        BlocksPerRun = blocksPerRun;
        (LaneCount, Tokens, QueryHeads, HeadDim) = (request.Lanes.Length, request.Tokens, request.QueryHeads, request.HeadDim);
        (Scale, SoftCap) = (request.Scale, request.SoftCap);
        Group = QueryHeads / LaneCount;
        TokensPerTile = Math.Max(1, TileRows / Group);
        Blocks = (lanes[0].Length + SpectralBasis.Block - 1) / SpectralBasis.Block;
        Width = (HeadDim + 15) / 16 * 16 + request.Basis.Width;
    }

    public SpectralView* Lanes { get; }

    public float* Queries { get; }

    public int BlocksPerRun { get; }

    public int LaneCount { get; }

    public int Tokens { get; }

    public int QueryHeads { get; }

    public int HeadDim { get; }

    public float Scale { get; }

    public float SoftCap { get; }

    public int Group { get; }

    public int TokensPerTile { get; }

    public int Blocks { get; }

    /// <summary>Floats of a row's running output: kept channels of the value, padded, then cosine and sine sums of the probabilities.</summary>
    public int Width { get; }

    public int Tiles => (Tokens + TokensPerTile - 1) / TokensPerTile;

    public int Runs => (Blocks + BlocksPerRun - 1) / BlocksPerRun;

    /// <summary>Floats of a row of a partial result: the running output, the maximum and the sum.</summary>
    public int PartialStride => Width + 2;

    public int MostRows => TokensPerTile * Group;

    /// <summary>Floats that a worker needs: gathered queries, coefficients and their turned copy, scores, outputs, and three numbers a row.</summary>
    public int ScratchFloats(int basisWidth) => MostRows * ((2 * HeadDim) + (2 * basisWidth) + SpectralBasis.Block + Width + 3);
}

/// <summary>
/// One online softmax over a segment, block by block, without rebuilding a channel: a query becomes coefficients once, these are evaluated at 64 tokens by one
/// product, and probabilities are summed against the same table for the values. A work item is (tile of queries, lane, run of blocks).
/// </summary>
internal readonly unsafe struct SpectralJob<TVector>(SpectralInputs inputs, SpectralBasis basis, NativeBuffer<float>[] scratch, int* next, float* partials)
    : ITeamJob
    where TVector : unmanaged, IFloatVector<TVector>
{
    public void Execute(int worker, int workers)
    {
        int items = inputs.LaneCount * inputs.Tiles * inputs.Runs;
        for (int item = Interlocked.Increment(ref *next) - 1; item < items; item = Interlocked.Increment(ref *next) - 1)
            RunItem(scratch[worker].Pointer, item % inputs.LaneCount, item / inputs.LaneCount % inputs.Tiles, item / inputs.LaneCount / inputs.Tiles);
    }

    private void RunItem(float* memory, int lane, int tile, int run)
    {
        int first = tile * inputs.TokensPerTile;
        int rows = Math.Min(inputs.TokensPerTile, inputs.Tokens - first) * inputs.Group;
        Rows state = new(memory, inputs, basis.Width);
        new Span<float>(state.Outputs, rows * inputs.Width).Clear();
        new Span<float>(state.Maxima, rows).Fill(float.NegativeInfinity);
        new Span<float>(state.Sums, rows).Clear();
        Prepare(state, lane, first, rows);
        int end = Math.Min(inputs.Blocks, (run + 1) * inputs.BlocksPerRun);
        for (int block = run * inputs.BlocksPerRun; block < end; block++)
            RunBlock(state, inputs.Lanes[lane], block, rows);
        Store(state, rows, partials + (((long)run * inputs.LaneCount + lane) * inputs.Tokens + first) * inputs.Group * inputs.PartialStride);
    }

    /// <summary>Gathers the kept channels of the queries, and turns the compressed ones into coefficients and a constant.</summary>
    private void Prepare(in Rows state, int lane, int firstToken, int rows)
    {
        SpectralChannelView keys = inputs.Lanes[lane].Keys;
        for (int row = 0; row < rows; row++)
        {
            int token = firstToken + row / inputs.Group;
            float* query = inputs.Queries + ((long)token * inputs.QueryHeads + lane * inputs.Group + row % inputs.Group) * inputs.HeadDim;
            for (int i = 0; i < keys.KeptCount; i++)
                state.Kept[row * keys.KeptCount + i] = query[keys.Kept[i]] * inputs.Scale;
            float constant = 0;
            for (int i = 0; i < keys.CompressedCount; i++)
            {
                float q = query[keys.Compressed[i]] * inputs.Scale;
                constant += q * keys.Offsets[i];
                state.Compressed[row * keys.CompressedCount + i] = q * keys.Scales[i];
            }

            state.Constants[row] = constant;
        }

        if (keys.CompressedCount == 0)
            return;
        int k = basis.Frequencies, padded = basis.PaddedFrequencies, count = keys.CompressedCount;
        for (int part = 0; part < 2; part++)
        {
            float* target = state.Coefficients + part * padded;
            // Columns beyond k read on into the next numbers; the basis has zeros there.
            if (keys.States is not null)
            {
                TileProduct.Multiply<TVector, FloatLoader<TVector>>(
                    state.Compressed, count, new FloatLoader<TVector>(keys.States + part * k, 2 * k), rows, count, padded, target, basis.Width, false);
            }
            else
            {
                TileProduct.Multiply<TVector, HalfLoader<TVector>>(
                    state.Compressed, count, new HalfLoader<TVector>(keys.HalfStates + part * k, 2 * k), rows, count, padded, target, basis.Width, false);
            }
        }
    }

    private void RunBlock(in Rows state, in SpectralView lane, int block, int rows)
    {
        int kept = lane.Keys.KeptCount;
        if (kept > 0)
        {
            ushort* entries = lane.Keys.Entries + (long)block * kept * SpectralBasis.Block;
            TileProduct.Multiply<TVector, HalfLoader<TVector>>(
                state.Kept, kept, new HalfLoader<TVector>(entries, SpectralBasis.Block), rows, kept, SpectralBasis.Block, state.Scores, SpectralBasis.Block,
                accumulate: false);
        }
        else
            new Span<float>(state.Scores, rows * SpectralBasis.Block).Clear();

        if (lane.Keys.CompressedCount > 0)
        {
            SpectralTransform.SynthesiseBlock<TVector>(
                basis, block, state.Coefficients, rows, state.Turned, state.Scores, SpectralBasis.Block, accumulate: true);
        }

        int live = Math.Min(SpectralBasis.Block, lane.Length - block * SpectralBasis.Block);
        for (int row = 0; row < rows; row++)
            Finish(new Span<float>(state.Scores + row * SpectralBasis.Block, SpectralBasis.Block), state.Constants[row], live);
        OnlineSoftmax.Update<TVector>(state.Scores, rows, state.Maxima, state.Sums, state.Outputs, inputs.Width);
        AddValues(state, lane.Values, block, rows, live);
    }

    private void Finish(Span<float> scores, float constant, int live)
    {
        TensorPrimitives.Add(scores, constant, scores);
        if (inputs.SoftCap > 0)
        {
            TensorPrimitives.Multiply(scores, 1 / inputs.SoftCap, scores);
            TensorPrimitives.Tanh(scores, scores);
            TensorPrimitives.Multiply(scores, inputs.SoftCap, scores);
        }

        scores[live..].Fill(float.NegativeInfinity);
    }

    private void AddValues(in Rows state, in SpectralChannelView values, int block, int rows, int live)
    {
        int kept = values.KeptCount;
        if (kept > 0)
        {
            ushort* entries = values.Entries + (long)block * kept * SpectralBasis.Block;
            TileProduct.Multiply<TVector, HalfLoader<TVector>>(
                state.Scores, SpectralBasis.Block, new HalfLoader<TVector>(entries, kept), rows, live, (kept + 15) / 16 * 16, state.Outputs, inputs.Width,
                accumulate: true);
        }

        if (values.CompressedCount > 0)
        {
            float* sums = state.Outputs + (inputs.Width - basis.Width);
            SpectralTransform.AnalyseBlock<TVector>(basis, block, state.Scores, SpectralBasis.Block, rows, state.Turned, sums, inputs.Width);
        }
    }

    private void Store(in Rows state, int rows, float* partial)
    {
        for (int row = 0; row < rows; row++, partial += inputs.PartialStride)
        {
            new ReadOnlySpan<float>(state.Outputs + row * inputs.Width, inputs.Width).CopyTo(new Span<float>(partial, inputs.Width));
            partial[inputs.Width] = state.Maxima[row];
            partial[inputs.Width + 1] = state.Sums[row];
        }
    }

    /// <summary>A worker's memory, cut up.</summary>
    private readonly struct Rows
    {
        public Rows(float* memory, in SpectralInputs inputs, int basisWidth)
        {
            int rows = inputs.MostRows;
            Outputs = memory;
            Coefficients = Outputs + rows * inputs.Width;
            Turned = Coefficients + rows * basisWidth;
            Scores = Turned + rows * basisWidth;
            Kept = Scores + rows * SpectralBasis.Block;
            Compressed = Kept + rows * inputs.HeadDim;
            Maxima = Compressed + rows * inputs.HeadDim;
            Sums = Maxima + rows;
            Constants = Sums + rows;
        }

        public float* Outputs { get; }

        public float* Coefficients { get; }

        public float* Turned { get; }

        public float* Scores { get; }

        public float* Kept { get; }

        public float* Compressed { get; }

        public float* Maxima { get; }

        public float* Sums { get; }

        public float* Constants { get; }
    }
}
