using Winnow.Caching.Storage;
using Winnow.Kernels.Attention;
using Winnow.Kernels.Elementwise;
using Winnow.Kernels.Memory;
using Winnow.Models;

namespace Winnow.Caching;

/// <summary>
/// Attention of one sequence through its store, in the order that every policy relies on: rotate and append, ask the policy (generated tokens), attend,
/// observe, tell the policy.
/// </summary>
internal sealed class CachedAttention : SequenceAttention, IDisposable
{
    private readonly CacheRuntime _runtime;
    private readonly PolicyNeeds _needs;
    private readonly LayerCache[] _layers;
    private readonly LaneView[] _views;
    private readonly NativeBuffer<float>[] _scores;
    private readonly QueryHistory? _history;

    public CachedAttention(DecoderModel model, CacheRuntime runtime, KvStore store, PolicyNeeds needs, CacheSession? session, QueryHistory? history)
    {
        (_runtime, _needs, Store, Session, _history) = (runtime, needs, store, session, history);
        _layers = new LayerCache[store.Layout.Layers];
        for (int layer = 0; layer < _layers.Length; layer++)
        {
            AttentionShape shape = model.Attention(layer);
            _layers[layer] = new LayerCache(layer, shape, store, history, runtime.Attention, RotationOf(shape));
        }

        _views = new LaneView[store.Layout.KvHeads];
        _scores = new NativeBuffer<float>[store.Layout.KvHeads];
    }

    public KvStore Store { get; }

    public CacheSession? Session { get; }

    public QueryHistory? History => _history;

    public CachePhase Phase { get; set; }

    public override int Position => Store.Position;

    public override void Attend(int layer, Span<float> queries, Span<float> keys, Span<float> values, int tokens, Span<float> output)
    {
        LayerCache cache = _layers[layer];
        Append(cache, queries, keys, values, tokens);
        _history?.Record(layer, queries, tokens);
        if (Phase == CachePhase.Step)
            Session?.BeforeAttention(cache);
        View(cache);
        AttentionShape shape = cache.Shape;
        AttentionRequest request = new()
        {
            Lanes = _views,
            Queries = queries,
            Tokens = tokens,
            QueryHeads = shape.QueryHeads,
            FirstPosition = Position,
            Scale = shape.Scale,
            SoftCap = shape.LogitSoftCap,
            Window = shape.SlidingWindow,
            Rotation = RotationOf(shape),
        };
        _runtime.Attention.Attend(request, output);
        // Not HasFlag: before it is optimised it boxes, and a decoded token must not allocate.
        if ((_needs.Fields & EntryFields.Scores) != 0)
            Observe(cache, request);
        if (Phase == CachePhase.Step)
            Session?.AfterStep(cache);
        else
            Session?.AfterChunk(cache, Phase == CachePhase.LastChunk);
    }

    public void Dispose() => _history?.Dispose();

    private void Append(LayerCache cache, Span<float> queries, Span<float> keys, Span<float> values, int tokens)
    {
        for (int head = 0; head < cache.KvHeads; head++)
            cache[head].Extend(tokens, Position);
        View(cache);
        AttentionShape shape = cache.Shape;
        bool rotate = shape.Rotary is not null && _needs.Positions == PositionMode.Original;
        if (rotate)
            shape.Rotary!.EnsurePositions(Position + tokens);
        int queryFloats = tokens * shape.QueryHeads * shape.HeadDim;
        _runtime.Writer.Write(_views, queries[..queryFloats], keys, values, tokens, Position, rotate ? shape.Rotary : null, shape.RotaryStyle);
    }

    private void Observe(LayerCache cache, in AttentionRequest request)
    {
        for (int head = 0; head < cache.KvHeads; head++)
            _scores[head] = cache[head].ScoreBuffer;
        _runtime.Attention.AddColumnSums(request, _scores);
    }

    private void View(LayerCache cache)
    {
        for (int head = 0; head < _views.Length; head++)
            _views[head] = cache[head].View;
    }

    private RankRotation? RotationOf(AttentionShape shape) =>
        _needs.Positions == PositionMode.Rolling ? _runtime.Rotation(shape.Rotary!, shape.RotaryStyle) : null;
}
