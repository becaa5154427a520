using Winnow.Kernels.Attention;
using Winnow.Models;

namespace Winnow.Caching;

/// <summary>
/// Sequences whose attention is one piece of work: equal pages, equal position mode, equally many new tokens. Entries are written and attention is computed for
/// all of them at once; each policy is asked as if its sequence were alone.
/// </summary>
internal sealed class AttentionGroup
{
    private CachedAttention[] _members = [];
    private LaneView[] _views = [];
    private int[] _positions = [];

    /// <summary>Sequences in the group.</summary>
    public int Count { get; private set; }

    /// <summary>Whether a sequence may join.</summary>
    public bool Takes(CachedAttention attention) =>
        Count == 0 || (ReferenceEquals(attention.Runtime, _members[0].Runtime) && attention.Rolls == _members[0].Rolls);

    /// <summary>Adds a sequence, for which <see cref="Takes"/> holds, behind the others.</summary>
    public void Add(CachedAttention attention)
    {
        if (Count == _members.Length)
        {
            int room = Math.Max(1, 2 * Count);
            Array.Resize(ref _members, room);
            Array.Resize(ref _positions, room);
            Array.Resize(ref _views, room * attention.Store.Layout.KvHeads);
        }

        _members[Count++] = attention;
    }

    /// <summary>Forgets its sequences, so that finished texts can be collected.</summary>
    public void Clear()
    {
        Array.Clear(_members, 0, Count);
        Count = 0;
    }

    /// <summary>True position of a row of the pass.</summary>
    /// <param name="row">Index of a row, where each sequence has one.</param>
    public int PositionOf(int row) => _members[row].Position;

    /// <summary>Remembers the new keys and values of a layer and attends, sequence after sequence in the rows.</summary>
    /// <param name="layer">Layer index.</param>
    /// <param name="queries">[sequences, tokens, queryHeads, headDim], not yet rotated; overwritten.</param>
    /// <param name="keys">[sequences, tokens, kvHeads, headDim], not yet rotated; overwritten.</param>
    /// <param name="values">[sequences, tokens, kvHeads, headDim].</param>
    /// <param name="tokens">New tokens of each sequence.</param>
    /// <param name="output">[sequences, tokens, queryHeads, headDim].</param>
    public void Attend(int layer, Span<float> queries, Span<float> keys, Span<float> values, int tokens, Span<float> output)
    {
        CacheRuntime runtime = _members[0].Runtime;
        AttentionShape shape = _members[0].Layers[layer].Shape;
        int width = tokens * shape.QueryHeads * shape.HeadDim, last = 0;
        bool observed = false;
        queries = queries[..(Count * width)];
        for (int i = 0; i < Count; i++)
        {
            _positions[i] = _members[i].Position;
            last = Math.Max(last, _positions[i] + tokens);
            observed |= _members[i].IsObserved;
            _members[i].Extend(layer, queries.Slice(i * width, width), tokens);
        }

        ReadOnlySpan<int> positions = _positions.AsSpan(0, Count);
        bool rotate = shape.Rotary is not null && !_members[0].Rolls;
        if (rotate)
            shape.Rotary!.EnsurePositions(last);
        runtime.Writer.Write(Views(layer), queries, keys, values, tokens, positions, rotate ? shape.Rotary : null, shape.RotaryStyle);
        for (int i = 0; i < Count; i++)
            _members[i].BeforeAttention(layer, queries.Slice(i * width, width), tokens);
        AttentionRequest request = Request(Views(layer), queries, positions, tokens, shape, observed);
        runtime.Attention.Attend(request, output);
        for (int i = 0; i < Count; i++)
        {
            ReadOnlySpan<LaneView> lanes = request.Lanes.Slice(i * shape.KvHeads, shape.KvHeads);
            AttentionRequest own = Request(lanes, queries.Slice(i * width, width), positions.Slice(i, 1), tokens, shape, observed);
            _members[i].AfterAttention(layer, own, i, output.Slice(i * width, width));
        }
    }

    private AttentionRequest Request(
        ReadOnlySpan<LaneView> lanes, ReadOnlySpan<float> queries, ReadOnlySpan<int> positions, int tokens, AttentionShape shape, bool observed) => new()
        {
            Lanes = lanes,
            Queries = queries,
            Tokens = tokens,
            QueryHeads = shape.QueryHeads,
            FirstPositions = positions,
            Scale = shape.Scale,
            SoftCap = shape.LogitSoftCap,
            Window = shape.SlidingWindow,
            Observed = observed,
            Rotation = _members[0].RotationOf(shape),
        };

    private ReadOnlySpan<LaneView> Views(int layer)
    {
        int count = 0;
        for (int i = 0; i < Count; i++)
        {
            LayerCache cache = _members[i].Layers[layer];
            for (int head = 0; head < cache.KvHeads; head++)
                _views[count++] = cache[head].View;
        }

        return _views.AsSpan(0, count);
    }
}
