using Winnow.Kernels.Attention;
using Winnow.Kernels.Threading;
using Winnow.Models;

namespace Winnow.Caching;

/// <summary>
/// Sequences whose attention is one piece of work: equal pages, equal position mode, equally many new tokens. Entries are written and attention is computed for
/// all of them at once; each policy is asked as if its sequence were alone. Where there are as many sequences as threads, the threads share the asking, which
/// all but one of them would wait for otherwise.
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
        bool observed = false, guided = false;
        queries = queries[..(Count * width)];
        for (int i = 0; i < Count; i++)
        {
            _positions[i] = _members[i].Position;
            last = Math.Max(last, _positions[i] + tokens);
            observed |= _members[i].IsObserved;
            guided |= _members[i].Session is not null;
        }

        bool rotate = shape.Rotary is not null && !_members[0].Rolls;
        if (rotate)
            shape.Rotary!.EnsurePositions(last);
        output = output[..queries.Length];
        // A prompt's policies share their own work among the threads; and a table of ranks grows on demand, which two threads must not do at a time.
        bool shared = tokens == 1 && Count >= runtime.Attention.Team.Size && !_members[0].Rolls;
        MemberWork work = new(this, layer, tokens, observed);
        Ask(work with { Stage = Stage.Extend }, shared, queries, output);
        ReadOnlySpan<int> positions = _positions.AsSpan(0, Count);
        runtime.Writer.Write(Views(layer), queries, keys, values, tokens, positions, rotate ? shape.Rotary : null, shape.RotaryStyle);
        Ask(work with { Stage = Stage.BeforeAttention }, shared && guided, queries, output);
        runtime.Attention.Attend(Request(Views(layer), queries, positions, tokens, shape, observed), output);
        Ask(work with { Stage = Stage.AfterAttention }, shared && guided, queries, output);
    }

    private void Ask(MemberWork work, bool shared, Span<float> queries, Span<float> output)
    {
        if (shared)
        {
            RowPairJob<MemberWork>.Run(_members[0].Runtime.Attention.Team, Count, queries, output, work);
            return;
        }

        int width = queries.Length / Count;
        for (int i = 0; i < Count; i++)
            work.Run(i, queries.Slice(i * width, width), output.Slice(i * width, width));
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

    private enum Stage
    {
        Extend,
        BeforeAttention,
        AfterAttention,
    }

    /// <summary>What one sequence and its policy do at a stage of a layer: rows are queries and outputs.</summary>
    private readonly struct MemberWork(AttentionGroup group, int layer, int tokens, bool observed) : IRowPairWork
    {
        public Stage Stage { get; init; }

        public void Run(int row, Span<float> first, Span<float> second)
        {
            CachedAttention member = group._members[row];
            switch (Stage)
            {
                case Stage.Extend:
                    member.Extend(layer, first, tokens);
                    break;
                case Stage.BeforeAttention:
                    member.BeforeAttention(layer, first, tokens);
                    break;
                default:
                    AttentionShape shape = member.Layers[layer].Shape;
                    ReadOnlySpan<LaneView> lanes = group._views.AsSpan(row * shape.KvHeads, shape.KvHeads);
                    AttentionRequest request = group.Request(lanes, first, group._positions.AsSpan(row, 1), tokens, shape, observed);
                    member.AfterAttention(layer, request, row, second);
                    break;
            }
        }
    }
}
