using Winnow.Caching;
using Winnow.Caching.Storage;
using Winnow.Kernels.Attention;
using Winnow.Kernels.Elementwise;
using Winnow.Kernels.Threading;
using Winnow.Models;
using Winnow.Tokenization;

namespace Winnow.Tests.Caching;

/// <summary>One layer without a model: tests append entries, hand a policy its guide, and look at what it keeps.</summary>
internal sealed class PolicyBench : IDisposable
{
    private readonly ThreadTeam _team = new(1);
    private readonly PagePool _pool;
    private readonly PagedAttention _attention;
    private readonly QueryHistory? _history;
    private readonly CacheSession? _session;

    public PolicyBench(CachePolicy policy, int kvHeads = 1, int group = 1, int headDim = 2, int window = 0, RotaryTable? rotary = null)
    {
        PageFormat format = new(headDim, EntryType.F32);
        _pool = new PagePool(format);
        _attention = new PagedAttention(_team, format);
        Store = new KvStore(new KvLayout(1, kvHeads, format, policy.Needs.AllFields, policy.Needs.Observer?.Channels(group) ?? 1), _pool);
        _history = policy.Needs.RecentQueries > 0 ? new QueryHistory(1, policy.Needs.RecentQueries, kvHeads * group * headDim) : null;
        AttentionShape shape = new()
        {
            QueryHeads = kvHeads * group, KvHeads = kvHeads, HeadDim = headDim, Scale = 1, SlidingWindow = window, Rotary = rotary,
        };
        Layer = new LayerCache(0, shape, Store, _history, _attention, null, contextLength: 4096);
        _session = policy.Start();
    }

    public KvStore Store { get; }

    public LayerCache Layer { get; }

    public Lane Lane => Store[0, 0];

    /// <summary>Reads a prompt: appends, lets the caller play the observer, and calls the policy.</summary>
    public void Prefill(
        int tokens, Func<int, float[]>? key = null, Action? observe = null, float[]? queries = null, Func<int, float[]>? value = null, float[]? raw = null)
    {
        Pass(tokens, key, () =>
        {
            observe?.Invoke();
            Store.PromptLength = Layer.Position;
            // The engine does this before it appends, which makes no difference to what a policy sees.
            if (raw is not null)
                _session?.ObserveQueries(Layer, raw, tokens);
            _session?.AfterChunk(Layer, last: true);
        }, queries, value);
        _session?.AfterPrompt([Layer]);
    }

    /// <summary>Generates one token.</summary>
    public void Step(Action? observe = null, float[]? queries = null, Func<int, float[]>? key = null) => Pass(1, key, () =>
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

    /// <summary>
    /// Adds rows of a query head to its score channels, as the engine would: to that of all queries and, for near entries, to that of the local window.
    /// </summary>
    /// <param name="rows">One a query, the first of them at position <paramref name="first"/>; probabilities in the order of positions.</param>
    /// <param name="window">The local window, or 0 when the policy does not ask for one.</param>
    /// <param name="kvHead">The lane.</param>
    /// <param name="queryHead">The query head within the group.</param>
    /// <param name="first">Position of the first row's query.</param>
    public void AddRows(float[][] rows, int window, int kvHead = 0, int queryHead = 0, int first = 0)
    {
        Lane lane = Store[0, kvHead];
        int[] order = [.. Enumerable.Range(0, lane.Length).OrderBy(slot => lane.Positions[slot])];
        for (int row = 0; row < rows.Length; row++)
        {
            for (int i = 0; i < rows[row].Length; i++)
            {
                lane.ScoresOf(queryHead)[order[i]] += rows[row][i];
                if (window > 0 && first + row - lane.Positions[order[i]] < window)
                    lane.ScoresOf(Layer.Shape.GroupSize + queryHead)[order[i]] += rows[row][i];
            }
        }
    }

    /// <summary>Says in every lane what kind of token stands at a position.</summary>
    public void Flag(int position, TokenKinds kind)
    {
        for (int head = 0; head < Layer.KvHeads; head++)
        {
            Lane lane = Store[0, head];
            lane.Flags[lane.Positions.IndexOf(position)] = (byte)kind;
        }
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

    /// <summary>Attention of the newest token, with what the policy lets it read.</summary>
    public float[] Attend(float[] queries)
    {
        float[] output = new float[queries.Length];
        AttentionRequest request = new()
        {
            Lanes = Store.Lanes.Select(lane => lane.View).ToArray(),
            Queries = queries,
            Tokens = 1,
            QueryHeads = Layer.Shape.QueryHeads,
            FirstPositions = new[] { Layer.Position - 1 },
            Scale = Layer.Shape.Scale,
        };
        _attention.Attend(request, output);
        return output;
    }

    /// <summary>Scores that a scorer gives the entries of a lane.</summary>
    public float[] Score(EntryScorer scorer, int kvHead = 0, int budget = 2)
    {
        float[] scores = new float[Store[0, kvHead].Length];
        scorer.Score(Layer, kvHead, budget, scores);
        return scores;
    }

    private void Pass(int tokens, Func<int, float[]>? key, Action work, float[]? queries, Func<int, float[]>? value = null)
    {
        int dim = Store.Layout.Format.HeadDim, first = Store.Position;
        using EntryWriter writer = new(_team, Store.Layout.Format);
        float[] keys = new float[tokens * Store.Layout.KvHeads * dim], values = new float[keys.Length];
        for (int row = 0; row < tokens * Store.Layout.KvHeads; row++)
        {
            key?.Invoke(first + row / Store.Layout.KvHeads).CopyTo(keys, row * dim);
            value?.Invoke(first + row / Store.Layout.KvHeads).CopyTo(values, row * dim);
        }

        Store.PassTokens = tokens;
        for (int head = 0; head < Store.Layout.KvHeads; head++)
            Store[0, head].Extend(tokens, first);
        LaneView[] views = [.. Enumerable.Range(0, Store.Layout.KvHeads).Select(head => Store[0, head].View)];
        writer.Write(views, new float[tokens * Layer.Shape.QueryHeads * dim], keys, values, tokens, [first], null, default);
        if (_history is not null && queries is not null)
            _history.Record(0, queries, queries.Length / (Layer.Shape.QueryHeads * dim));
        work();
        Store.Advance(tokens);
        Store.PassTokens = 0;
    }
}
