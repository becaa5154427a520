using Winnow.Caching.Storage;
using Winnow.Kernels.Attention;
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
        store.Guide = session;
        _layers = new LayerCache[store.Layout.Layers];
        for (int layer = 0; layer < _layers.Length; layer++)
        {
            AttentionShape shape = model.Attention(layer);
            _layers[layer] = new LayerCache(layer, shape, store, history, runtime.Attention, RotationOf(shape), model.Config.ContextLength);
        }

        _views = new LaneView[store.Layout.KvHeads];
        _scores = needs.Observer is null ? [] : new NativeBuffer<float>[store.Layout.KvHeads * store.Layout.ScoreChannels];
    }

    public KvStore Store { get; }

    public CacheSession? Session { get; }

    public QueryHistory? History => _history;

    public IReadOnlyList<LayerCache> Layers => _layers;

    public CachePhase Phase { get; set; }

    /// <summary>What a guided pass reads.</summary>
    public GuidedReading Reading { get; set; }

    /// <summary>Kinds of the tokens of the pass; empty when the policy does not tell tokens apart.</summary>
    public ReadOnlyMemory<byte> Kinds { get; set; }

    public override int Position => Store.Position;

    public override void Attend(int layer, Span<float> queries, Span<float> keys, Span<float> values, int tokens, Span<float> output)
    {
        LayerCache cache = _layers[layer];
        if (_needs.RawQueries && Phase is (CachePhase.Chunk or CachePhase.LastChunk))
            Session?.ObserveQueries(cache, queries, tokens);
        Append(cache, queries, keys, values, tokens);
        if (Phase is CachePhase.Chunk or CachePhase.LastChunk or CachePhase.Step)
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
        if (_needs.Segments)
            Session?.AttendSegments(cache, queries, tokens, output, _runtime.Attention.LogSumExp);
        if (_needs.Observer is { } observer && Watches(observer))
            Observe(cache, request, observer);
        Tell(cache, queries[..(tokens * shape.QueryHeads * shape.HeadDim)]);
    }

    public void Dispose()
    {
        _history?.Dispose();
        (Session as IDisposable)?.Dispose();
    }

    private void Tell(LayerCache cache, ReadOnlySpan<float> queries)
    {
        switch (Phase)
        {
            case CachePhase.Step:
                Session?.AfterStep(cache);
                break;
            case CachePhase.Guided:
                int perToken = cache.Shape.QueryHeads * cache.Shape.HeadDim;
                Session?.AfterGuidedChunk(cache, Reading, queries[^(Reading.QuestionTokens * perToken)..]);
                for (int head = 0; head < cache.KvHeads; head++)
                    cache[head].Truncate(Position + Reading.ChunkTokens);
                break;
            case CachePhase.Chunk or CachePhase.LastChunk:
                Session?.AfterChunk(cache, Phase == CachePhase.LastChunk);
                break;
        }
    }

    private void Append(LayerCache cache, Span<float> queries, Span<float> keys, Span<float> values, int tokens)
    {
        for (int head = 0; head < cache.KvHeads; head++)
        {
            cache[head].Extend(tokens, Position);
            if (!Kinds.IsEmpty)
                Kinds.Span[..tokens].CopyTo(cache[head].Flags[^tokens..]);
        }

        View(cache);
        AttentionShape shape = cache.Shape;
        bool rotate = shape.Rotary is not null && _needs.Positions == PositionMode.Original;
        if (rotate)
            shape.Rotary!.EnsurePositions(Position + tokens);
        int queryFloats = tokens * shape.QueryHeads * shape.HeadDim;
        _runtime.Writer.Write(_views, queries[..queryFloats], keys, values, tokens, Position, rotate ? shape.Rotary : null, shape.RotaryStyle);
    }

    // Not HasFlag: before it is optimised it boxes, and a decoded token must not allocate.
    private bool Watches(AttentionObserver observer) => (observer.Passes & Phase switch
    {
        CachePhase.Step => ObservedPasses.Steps,
        CachePhase.Replay => ObservedPasses.Replay,
        CachePhase.Guided => ObservedPasses.None,
        _ => ObservedPasses.Prompt,
    }) != 0;

    private void Observe(LayerCache cache, in AttentionRequest request, AttentionObserver observer)
    {
        Store.MarkScored();
        int channels = Store.Layout.ScoreChannels;
        float decay = observer.Decay < 1 ? MathF.Pow(observer.Decay, request.Tokens) : 1;
        for (int head = 0; head < cache.KvHeads; head++)
        {
            for (int channel = 0; channel < channels; channel++)
            {
                _scores[head * channels + channel] = cache[head].ScoreBuffer(channel);
                if (decay < 1)
                    System.Numerics.Tensors.TensorPrimitives.Multiply(cache[head].ScoresOf(channel), decay, cache[head].ScoresOf(channel));
            }
        }

        _runtime.Attention.AddColumnSums(request, observer.Of(cache), _scores);
    }

    private void View(LayerCache cache)
    {
        for (int head = 0; head < _views.Length; head++)
            _views[head] = cache[head].View;
    }

    private RankRotation? RotationOf(AttentionShape shape) =>
        _needs.Positions == PositionMode.Rolling ? _runtime.Rotation(shape.Rotary!, shape.RotaryStyle) : null;
}
