using Winnow.Caching.Storage;
using Winnow.Kernels.Attention;
using Winnow.Kernels.Threading;
using Winnow.Models;

namespace Winnow.Caching;

/// <summary>What a policy sees of one layer, during the call that hands it over.</summary>
public sealed class LayerCache
{
    private readonly KvStore _store;
    private readonly QueryHistory? _history;
    private readonly PagedAttention _attention;
    private readonly RankRotation? _rotation;
    private readonly LaneView[] _views;

    internal LayerCache(
        int layer, AttentionShape shape, KvStore store, QueryHistory? history, PagedAttention attention, RankRotation? rotation, int contextLength)
    {
        (Layer, Shape, _store, _history, _attention, _rotation, ContextLength) = (layer, shape, store, history, attention, rotation, contextLength);
        _views = new LaneView[shape.KvHeads];
    }

    /// <summary>Index of the layer.</summary>
    public int Layer { get; }

    /// <summary>Heads, scale and window of the layer.</summary>
    public AttentionShape Shape { get; }

    /// <summary>Layers of the model.</summary>
    public int Layers => _store.Layout.Layers;

    /// <summary>Tokens that the model was made for.</summary>
    public int ContextLength { get; }

    /// <summary>KV heads, each with a lane.</summary>
    public int KvHeads => Shape.KvHeads;

    /// <summary>Tokens seen, those of the pass under way included: the position of the next token.</summary>
    public int Position => _store.Position + _store.PassTokens;

    /// <summary>Position at which the newest prompt ended or will end: what a fractional budget refers to.</summary>
    public int PromptLength => _store.PromptLength;

    /// <summary>Recent queries at hand, at most what the policy asked for.</summary>
    public int RecentQueries => _history?.Count(Layer) ?? 0;

    /// <summary>The lane of a KV head.</summary>
    public Lane this[int kvHead] => _store[Layer, kvHead];

    /// <summary>Entries that a budget allows each lane.</summary>
    /// <param name="budget">The budget.</param>
    /// <param name="promptLength">Tokens that a fraction refers to.</param>
    /// <param name="least">The fewest entries with which the policy works.</param>
    public int Resolve(Budget budget, int promptLength, int least) =>
        budget.Resolve(promptLength, _store.Layout.Lanes, EntryBytes, least);

    /// <summary>The newest queries, as attention uses them (rotated, unless positions roll): [count, queryHeads, headDim], oldest first.</summary>
    /// <param name="count">How many, at most <see cref="RecentQueries"/>.</param>
    public ReadOnlySpan<float> NewestQueries(int count) => History.Newest(Layer, count);

    /// <summary>Attention logits of the newest queries on a lane, scaled and capped; −∞ where a query does not see an entry.</summary>
    /// <param name="kvHead">The lane.</param>
    /// <param name="queries">How many of the newest queries, at most <see cref="RecentQueries"/>.</param>
    /// <param name="logits">[queries × group, lane length], oldest query first, heads of the group within a query.</param>
    public void Logits(int kvHead, int queries, Span<float> logits) => Logits(kvHead, NewestQueries(queries), Position - queries, logits);

    /// <summary>Attention logits of given queries on a lane, scaled and capped; −∞ where a query does not see an entry.</summary>
    /// <param name="kvHead">The lane.</param>
    /// <param name="queries">[queries, queryHeads, headDim], as attention uses them.</param>
    /// <param name="firstPosition">True position of the first query; the others follow without gaps.</param>
    /// <param name="logits">[queries × group, lane length], oldest query first, heads of the group within a query.</param>
    public void Logits(int kvHead, ReadOnlySpan<float> queries, int firstPosition, Span<float> logits)
    {
        for (int head = 0; head < _views.Length; head++)
            _views[head] = this[head].View;
        AttentionRequest request = new()
        {
            Lanes = _views,
            Queries = queries,
            Tokens = queries.Length / (Shape.QueryHeads * Shape.HeadDim),
            QueryHeads = Shape.QueryHeads,
            FirstPositions = [firstPosition],
            Scale = Shape.Scale,
            SoftCap = Shape.LogitSoftCap,
            Window = Shape.SlidingWindow,
            Rotation = _rotation,
        };
        _attention.Logits(request, kvHead, logits);
    }

    /// <summary>Threads that share the work of a policy's own kernels.</summary>
    internal ThreadTeam Team => _attention.Team;

    /// <summary>Bytes of an entry's key and value in the pages.</summary>
    internal double EntryBytes => (double)_store.Layout.Format.PayloadBytes / PageFormat.Entries;

    private QueryHistory History => _history ?? throw new InvalidOperationException("the policy did not declare recent queries");
}
