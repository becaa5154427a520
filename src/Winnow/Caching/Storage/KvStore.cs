using Winnow.Kernels.Attention;

namespace Winnow.Caching.Storage;

/// <summary>
/// All lanes of one sequence and its position counter. The store obeys: it owns pages, positions and bytes, shares pages between forks until one of them
/// writes, and gives memory back when entries are dropped.
/// </summary>
public sealed class KvStore : IDisposable
{
    private readonly PagePool _pool;
    private readonly Lane[] _lanes;
    private int _irreversibleBefore;
    private int _scoredBefore;

    /// <summary>Creates an empty store whose pages come from a pool that may serve many stores.</summary>
    /// <exception cref="ArgumentException">The pool's pages have another layout.</exception>
    public KvStore(KvLayout layout, PagePool pool)
    {
        if (!pool.Format.Equals(layout.Format))
            throw new ArgumentException("the pool hands out pages of another layout", nameof(pool));
        (Layout, _pool) = (layout, pool);
        _lanes = new Lane[layout.Lanes];
        for (int i = 0; i < _lanes.Length; i++)
            _lanes[i] = new Lane(this, pool, layout);
    }

    private KvStore(KvStore source)
    {
        (Layout, _pool, Position, _irreversibleBefore) = (source.Layout, source._pool, source.Position, source._irreversibleBefore);
        (PromptLength, _scoredBefore) = (source.PromptLength, source._scoredBefore);
        _lanes = [.. source._lanes.Select(lane => lane.Fork(this))];
    }

    /// <summary>Shape of the store.</summary>
    public KvLayout Layout { get; }

    /// <summary>True position of the next token: tokens seen, not entries held.</summary>
    public int Position { get; private set; }

    /// <summary>Live entries of all lanes.</summary>
    public long Entries => _lanes.Sum(lane => (long)lane.Length);

    /// <summary>
    /// Bytes of keys and values: the pages held (one shared with a fork counts here and there) and what the policy stores in a form of its own.
    /// </summary>
    public long KvBytes => _lanes.Sum(lane => lane.KvBytes) + SegmentBytes;

    /// <summary>The part of <see cref="KvBytes"/> that the policy stores in a form of its own.</summary>
    public long SegmentBytes => Guide?.SegmentBytes ?? 0;

    /// <summary>Bytes of positions, scores and other fields, and of what else the policy remembers.</summary>
    public long FieldBytes => _lanes.Sum(lane => lane.FieldBytes) + (Guide?.StateBytes ?? 0);

    /// <summary>Live entries of the lane that holds most.</summary>
    public int LongestLane
    {
        get
        {
            int longest = 0;
            foreach (Lane lane in _lanes)
                longest = Math.Max(longest, lane.Length);
            return longest;
        }
    }

    /// <summary>The lane of a layer and KV head.</summary>
    public Lane this[int layer, int kvHead] => _lanes[layer * Layout.KvHeads + kvHead];

    /// <summary>A second store with the same entries. Pages are shared until one side writes to them.</summary>
    public KvStore Fork() => new(this);

    /// <summary>Forgets every token from a position on.</summary>
    /// <exception cref="WinnowException">The policy has dropped, merged or scored entries since then, so the earlier state cannot be restored.</exception>
    public void Truncate(int position)
    {
        if (position < 0 || position > Position)
            throw new WinnowException($"cannot go back to position {position}: the sequence has {Position} tokens");
        if (position == Position)
            return;
        if (position < _irreversibleBefore)
        {
            throw new WinnowException(
                $"cannot go back to position {position}: the cache policy dropped entries at position {_irreversibleBefore}; fork the sequence before that point");
        }

        if (position < _scoredBefore)
        {
            throw new WinnowException(
                $"cannot go back to position {position}: the scores of the cache's entries already count the tokens after it; fork the sequence before that point");
        }

        foreach (Lane lane in _lanes)
            lane.Truncate(position);
        Position = position;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (Lane lane in _lanes)
            lane.Dispose();
    }

    /// <summary>The policy at work, whose own bytes count here.</summary>
    internal CacheSession? Guide { get; set; }

    /// <summary>Counts tokens that a forward pass has put into every lane.</summary>
    internal void Advance(int tokens) => Position += tokens;

    /// <summary>Drops the entries at or after a position that were never part of the text: a replayed prompt, or a question put after a chunk.</summary>
    internal void Retract(int position)
    {
        foreach (Lane lane in _lanes)
            lane.Truncate(position);
        Position = position;
        (_irreversibleBefore, _scoredBefore) = (Math.Min(_irreversibleBefore, position), Math.Min(_scoredBefore, position));
    }

    // Which of the tokens were watched is not in the file, so all of them count as watched.
    internal void Restore(int position, int promptLength, int irreversibleBefore) => (Position, PromptLength, _irreversibleBefore, _scoredBefore) =
        (position, promptLength, irreversibleBefore, (Layout.Fields & EntryFields.Scores) != 0 ? position : 0);

    /// <summary>Remembers that a state before the tokens of the current pass can no longer be reached by truncation.</summary>
    internal void MarkIrreversible() => _irreversibleBefore = Position + PassTokens;

    /// <summary>Remembers that the entries' scores count the tokens of the current pass, which therefore cannot be forgotten.</summary>
    internal void MarkScored() => _scoredBefore = Position + PassTokens;

    /// <summary>Position at which the newest prompt ended or will end.</summary>
    internal int PromptLength { get; set; }

    /// <summary>Tokens of the forward pass under way, not yet counted in <see cref="Position"/>.</summary>
    internal int PassTokens { get; set; }

    internal int IrreversibleBefore => _irreversibleBefore;

    internal IReadOnlyList<Lane> Lanes => _lanes;
}
