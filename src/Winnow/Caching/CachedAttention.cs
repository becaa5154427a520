using Winnow.Caching.Storage;
using Winnow.Kernels.Attention;
using Winnow.Kernels.Memory;
using Winnow.Models;

namespace Winnow.Caching;

/// <summary>
/// Attention of one sequence through its store, in the order that every policy relies on: rotate and append, ask the policy (generated tokens), attend,
/// observe, tell the policy. The group that it attends in, alone or with other sequences, calls the parts.
/// </summary>
internal sealed class CachedAttention : SequenceAttention, IDisposable
{
    private readonly AttentionGroup _alone = new();
    private readonly PolicyNeeds _needs;
    private readonly LayerCache[] _layers;
    private readonly NativeBuffer<float>[] _scores;
    private readonly QueryHistory? _history;

    public CachedAttention(DecoderModel model, CacheRuntime runtime, KvStore store, PolicyNeeds needs, CacheSession? session, QueryHistory? history)
    {
        (Runtime, _needs, Store, Session, _history) = (runtime, needs, store, session, history);
        store.Guide = session;
        _layers = new LayerCache[store.Layout.Layers];
        for (int layer = 0; layer < _layers.Length; layer++)
        {
            AttentionShape shape = model.Attention(layer);
            _layers[layer] = new LayerCache(layer, shape, store, history, runtime.Attention, RotationOf(shape), model.Config.ContextLength);
        }

        _scores = needs.Observer is null ? [] : new NativeBuffer<float>[store.Layout.KvHeads * store.Layout.ScoreChannels];
        _alone.Add(this);
    }

    public CacheRuntime Runtime { get; }

    public KvStore Store { get; }

    public CacheSession? Session { get; }

    public QueryHistory? History => _history;

    public LayerCache[] Layers => _layers;

    /// <summary>Whether keys are stored unrotated and turned when read.</summary>
    public bool Rolls => _needs.Positions == PositionMode.Rolling;

    public CachePhase Phase { get; set; }

    /// <summary>What a guided pass reads.</summary>
    public GuidedReading Reading { get; set; }

    /// <summary>Kinds of the tokens of the pass; empty when the policy does not tell tokens apart.</summary>
    public ReadOnlyMemory<byte> Kinds { get; set; }

    /// <summary>Whether the policy wants to know what entries receive in this pass.</summary>
    public bool IsObserved => _needs.Observer is { } observer && Watches(observer);

    /// <summary>True position of the first token of the pass.</summary>
    public int Position => Store.Position;

    public override int PositionOf(int row) => Position + row;

    public override void Attend(int layer, Span<float> queries, Span<float> keys, Span<float> values, int tokens, Span<float> output) =>
        _alone.Attend(layer, queries, keys, values, tokens, output);

    /// <summary>Makes room for the entries of new tokens.</summary>
    /// <param name="layer">Layer index.</param>
    /// <param name="queries">[tokens, queryHeads, headDim], not rotated.</param>
    /// <param name="tokens">New tokens.</param>
    public void Extend(int layer, ReadOnlySpan<float> queries, int tokens)
    {
        LayerCache cache = _layers[layer];
        if (_needs.RawQueries && Phase is (CachePhase.Chunk or CachePhase.LastChunk))
            Session?.ObserveQueries(cache, queries, tokens);
        for (int head = 0; head < cache.KvHeads; head++)
        {
            cache[head].Extend(tokens, Position);
            if (!Kinds.IsEmpty)
                Kinds.Span[..tokens].CopyTo(cache[head].Flags[^tokens..]);
        }
    }

    /// <summary>The new entries are written: remembers the queries and asks the policy.</summary>
    /// <param name="layer">Layer index.</param>
    /// <param name="queries">[tokens, queryHeads, headDim], as attention will use them.</param>
    /// <param name="tokens">New tokens.</param>
    public void BeforeAttention(int layer, ReadOnlySpan<float> queries, int tokens)
    {
        if (Phase is CachePhase.Chunk or CachePhase.LastChunk or CachePhase.Step)
            _history?.Record(layer, queries, tokens);
        if (Phase == CachePhase.Step)
            Session?.BeforeAttention(_layers[layer]);
    }

    /// <summary>Attention over the pages is done: joins the policy's own entries, observes, and tells the policy.</summary>
    /// <param name="layer">Layer index.</param>
    /// <param name="request">What was computed for this sequence.</param>
    /// <param name="index">Place of the sequence in what the kernel computed last.</param>
    /// <param name="output">[tokens, queryHeads, headDim].</param>
    public void AfterAttention(int layer, in AttentionRequest request, int index, Span<float> output)
    {
        LayerCache cache = _layers[layer];
        if (_needs.Segments)
        {
            int rows = request.Tokens * request.QueryHeads;
            Session?.AttendSegments(cache, request.Queries, request.Tokens, output, Runtime.Attention.LogSumExp.Slice(index * rows, rows));
        }

        if (IsObserved)
            Observe(cache, request, index, _needs.Observer!);
        Tell(cache, request.Queries);
    }

    /// <summary>Rotation by rank in a layer; null where keys are rotated when they are written.</summary>
    public RankRotation? RotationOf(AttentionShape shape) => Rolls ? Runtime.Rotation(shape.Rotary!, shape.RotaryStyle) : null;

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

    // Not HasFlag: before it is optimised it boxes, and a decoded token must not allocate.
    private bool Watches(AttentionObserver observer) => (observer.Passes & Phase switch
    {
        CachePhase.Step => ObservedPasses.Steps,
        CachePhase.Replay => ObservedPasses.Replay,
        CachePhase.Guided => ObservedPasses.None,
        _ => ObservedPasses.Prompt,
    }) != 0;

    private void Observe(LayerCache cache, in AttentionRequest request, int index, AttentionObserver observer)
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

        Runtime.Attention.AddColumnSums(request, observer.Of(cache), _scores, index);
    }
}
