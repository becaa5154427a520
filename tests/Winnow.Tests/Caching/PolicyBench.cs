using Winnow.Caching;
using Winnow.Caching.Storage;
using Winnow.Kernels.Attention;
using Winnow.Kernels.Threading;
using Winnow.Models;

namespace Winnow.Tests.Caching;

/// <summary>One layer without a model: tests append entries, hand a policy its guide, and look at what it keeps.</summary>
internal sealed class PolicyBench : IDisposable
{
    private readonly ThreadTeam _team = new(1);
    private readonly PagePool _pool;
    private readonly PagedAttention _attention;
    private readonly QueryHistory? _history;
    private readonly CacheSession? _session;

    public PolicyBench(CachePolicy policy, int kvHeads = 1, int group = 1, int headDim = 2)
    {
        PageFormat format = new(headDim, EntryType.F32);
        _pool = new PagePool(format);
        _attention = new PagedAttention(_team, format);
        Store = new KvStore(new KvLayout(1, kvHeads, format, policy.Needs.AllFields, policy.Needs.Observer?.Channels(group) ?? 1), _pool);
        _history = policy.Needs.RecentQueries > 0 ? new QueryHistory(1, policy.Needs.RecentQueries, kvHeads * group * headDim) : null;
        AttentionShape shape = new() { QueryHeads = kvHeads * group, KvHeads = kvHeads, HeadDim = headDim, Scale = 1 };
        Layer = new LayerCache(0, shape, Store, _history, _attention, null, contextLength: 4096);
        _session = policy.Start();
    }

    public KvStore Store { get; }

    public LayerCache Layer { get; }

    public Lane Lane => Store[0, 0];

    /// <summary>Reads a prompt: appends, lets the caller play the observer, and calls the policy.</summary>
    public void Prefill(int tokens, Func<int, float[]>? key = null, Action? observe = null, float[]? queries = null) => Pass(tokens, key, () =>
    {
        observe?.Invoke();
        Store.PromptLength = Layer.Position;
        _session?.AfterChunk(Layer, last: true);
    }, queries);

    /// <summary>Generates one token.</summary>
    public void Step(Action? observe = null, float[]? queries = null) => Step(null, queries, observe);

    /// <summary>Generates one token with a key.</summary>
    public void Step(Func<int, float[]>? key, float[]? queries, Action? observe = null) => Pass(1, key, () =>
    {
        _session?.BeforeAttention(Layer);
        observe?.Invoke();
        _session?.AfterStep(Layer);
    }, queries);

    /// <summary>Adds a row of probabilities, given in the order of positions, to the scores of a lane.</summary>
    public void AddRow(params float[] row)
    {
        int[] order = [.. Enumerable.Range(0, Lane.Length).OrderBy(slot => Lane.Positions[slot])];
        Assert.True(row.Length <= order.Length);
        for (int i = 0; i < row.Length; i++)
            Lane.Scores[order[i]] += row[i];
    }

    public int[] Kept(int kvHead = 0) => [.. Store[0, kvHead].Positions.ToArray().Order()];

    /// <summary>Scores in the order of positions.</summary>
    public float[] Scores() => [.. Lane.Positions.ToArray().Zip(Lane.Scores.ToArray()).OrderBy(pair => pair.First).Select(pair => pair.Second)];

    public void Dispose()
    {
        Store.Dispose();
        _history?.Dispose();
        _attention.Dispose();
        _pool.Dispose();
        _team.Dispose();
    }

    private void Pass(int tokens, Func<int, float[]>? key, Action work, float[]? queries)
    {
        int dim = Store.Layout.Format.HeadDim, first = Store.Position;
        using EntryWriter writer = new(_team, Store.Layout.Format);
        float[] keys = new float[tokens * Store.Layout.KvHeads * dim], values = new float[keys.Length];
        for (int token = 0; token < tokens && key is not null; token++)
        {
            for (int head = 0; head < Store.Layout.KvHeads; head++)
                key(first + token).CopyTo(keys, (token * Store.Layout.KvHeads + head) * dim);
        }

        Store.PassTokens = tokens;
        for (int head = 0; head < Store.Layout.KvHeads; head++)
            Store[0, head].Extend(tokens, first);
        LaneView[] views = [.. Enumerable.Range(0, Store.Layout.KvHeads).Select(head => Store[0, head].View)];
        writer.Write(views, new float[tokens * Layer.Shape.QueryHeads * dim], keys, values, tokens, first, null, default);
        if (_history is not null && queries is not null)
            _history.Record(0, queries, queries.Length / (Layer.Shape.QueryHeads * dim));
        work();
        Store.Advance(tokens);
        Store.PassTokens = 0;
    }
}
