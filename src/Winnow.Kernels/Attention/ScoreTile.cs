using System.Numerics.Tensors;
using System.Runtime.CompilerServices;
using Winnow.Kernels.Simd;

namespace Winnow.Kernels.Attention;

/// <summary>
/// Attention logits of one tile of queries on one page: products, soft cap, biases and masks. Both the attention pass and its observers start from
/// it.
/// </summary>
internal readonly unsafe ref struct ScoreTile
{
    private readonly AttentionInputs _inputs;
    private readonly PageFormat _format;
    private readonly RankRotation? _rotation;
    private readonly LaneView _lane;
    private readonly int _laneIndex;
    private readonly int _tile;
    private readonly int _firstPosition;
    private readonly int _tokens;

    public ScoreTile(in AttentionInputs inputs, PageFormat format, RankRotation? rotation, int lane, int tile)
    {
        _inputs = inputs;
        _format = format;
        _rotation = rotation;
        _lane = inputs.Lanes[lane];
        _laneIndex = lane;
        _tile = tile;
        _firstPosition = inputs.FirstPosition + tile * inputs.TokensPerTile;
        _tokens = inputs.TokensOf(tile);
    }

    /// <summary>Rows of the tile.</summary>
    public int Rows => _tokens * _inputs.Group;

    /// <summary>Brings the queries of the tile to where <see cref="Compute"/> reads them.</summary>
    public void CopyQueries<TVector>(AttentionScratch own)
        where TVector : unmanaged, IFloatVector<TVector>
    {
        _inputs.CopyQueries(_rotation, _laneIndex, _tile, own.Queries);
        own.RoundQueries<TVector>(_format, Rows);
    }

    /// <summary>Computes the visible part of the tile.</summary>
    /// <param name="page">Page index in the lane.</param>
    /// <param name="ahead">Bytes from this page to the one that will be read next; 0 for none.</param>
    /// <param name="own">Queries as <see cref="CopyQueries"/> leaves them; receives the scores, [rows, 64], those before the returned row left alone.</param>
    /// <returns>The first row that sees anything of this page, or <see cref="Rows"/> when none does.</returns>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public int Compute<TVector>(int page, nint ahead, AttentionScratch own)
        where TVector : unmanaged, IFloatVector<TVector>
    {
        if (_lane.ReadSet is not null && _lane.ReadSet[page] == 0)
            return Rows;
        int entries = _lane.EntriesOf(page);
        int* positions = _lane.Positions + page * PageFormat.Entries;
        ReadOnlySpan<int> live = new(positions, entries);
        (int lowest, int highest) = (TensorPrimitives.Min(live), TensorPrimitives.Max(live));
        int last = _firstPosition + _tokens - 1;
        if (lowest > last || (_inputs.Window > 0 && highest <= _firstPosition - _inputs.Window))
            return Rows;
        int skipped = Math.Max(0, lowest - _firstPosition);
        int firstRow = skipped * _inputs.Group;
        int rows = Rows - firstRow;
        float* target = own.Scores + firstRow * PageFormat.Entries;
        Products<TVector>(page, entries, ahead, own, firstRow, rows);
        if (_inputs.SoftCap > 0)
            SoftCap(new Span<float>(target, rows * PageFormat.Entries), _inputs.SoftCap);
        if (_lane.Biases is not null || _lane.HeadMasks is not null || _lane.ReadSet is not null)
            AddBiases<TVector>(page, entries, rows, own.Biases, target);
        if (highest > _firstPosition + skipped || (_inputs.Window > 0 && lowest <= last - _inputs.Window))
            MaskPositions<TVector>(positions, skipped, target);
        if (entries < PageFormat.Entries)
        {
            for (int row = 0; row < rows; row++)
                new Span<float>(target + row * PageFormat.Entries + entries, PageFormat.Entries - entries).Fill(float.NegativeInfinity);
        }

        return firstRow;
    }

    private static void SoftCap(Span<float> scores, float cap)
    {
        TensorPrimitives.Multiply(scores, 1 / cap, scores);
        TensorPrimitives.Tanh(scores, scores);
        TensorPrimitives.Multiply(scores, cap, scores);
    }

    private void Products<TVector>(int page, int entries, nint ahead, AttentionScratch own, int firstRow, int rows)
        where TVector : unmanaged, IFloatVector<TVector>
    {
        if (_lane.Ranks is null)
        {
            PageProducts.Scores<TVector>(_format, _lane.Pages[page], ahead, own, firstRow, rows);
            return;
        }

        float* queries = own.Queries + firstRow * _inputs.HeadDim, scores = own.Scores + firstRow * PageFormat.Entries;
        PageProducts.KeysToFloat<TVector>(_format, _lane.Pages[page], own.Page);
        _rotation!.TurnKeys<TVector>(own.Page, _lane.Ranks + page * PageFormat.Entries, entries);
        PageProducts.Scores<TVector>(_format, own.Page, queries, rows, scores);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void AddBiases<TVector>(int page, int entries, int rows, float* biases, float* scores)
        where TVector : unmanaged, IFloatVector<TVector>
    {
        for (int head = 0; head < _inputs.Group; head++)
        {
            Span<float> row = new(biases + head * PageFormat.Entries, PageFormat.Entries);
            row.Clear();
            if (_lane.Biases is not null)
                new ReadOnlySpan<float>(_lane.Biases + page * PageFormat.Entries, entries).CopyTo(row);
            if (_lane.ReadSet is not null)
                DropUnread(row, _lane.ReadSet[page]);
            if (_lane.HeadMasks is null)
                continue;
            for (int entry = 0; entry < PageFormat.Entries; entry += TVector.Count)
            {
                float* at = biases + head * PageFormat.Entries + entry;
                TVector.Store(TVector.KeepWithBit(TVector.Load(at), _lane.HeadMasks + page * PageFormat.Entries + entry, 1u << head), at);
            }
        }

        for (int row = 0; row < rows; row++)
        {
            float* bias = biases + row % _inputs.Group * PageFormat.Entries;
            float* score = scores + row * PageFormat.Entries;
            for (int entry = 0; entry < PageFormat.Entries; entry += TVector.Count)
                TVector.Store(TVector.Add(TVector.Load(score + entry), TVector.Load(bias + entry)), score + entry);
        }
    }

    private static void DropUnread(Span<float> biases, ulong read)
    {
        for (int entry = 0; entry < biases.Length; entry++)
        {
            if ((read >> entry & 1) == 0)
                biases[entry] = float.NegativeInfinity;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void MaskPositions<TVector>(int* positions, int skippedTokens, float* scores)
        where TVector : unmanaged, IFloatVector<TVector>
    {
        for (int token = skippedTokens; token < _tokens; token++)
        {
            int position = _firstPosition + token;
            int below = _inputs.Window > 0 ? position - _inputs.Window : int.MinValue;
            for (int head = 0; head < _inputs.Group; head++)
            {
                for (int entry = 0; entry < PageFormat.Entries; entry += TVector.Count)
                    TVector.Store(TVector.KeepWithin(TVector.Load(scores + entry), positions + entry, below, position), scores + entry);
                scores += PageFormat.Entries;
            }
        }
    }
}
