using Winnow.Models;

namespace Winnow.Caching;

/// <summary>
/// Attention of several sequences in one pass, a row each. Sequences with equal pages and position mode form a group; the rows are those of the first group,
/// then those of the second, so that each group's rows lie together.
/// </summary>
internal sealed class BatchedAttention : SequenceAttention
{
    private readonly List<AttentionGroup> _groups = [];

    /// <summary>Groups of the batch.</summary>
    public int Groups { get; private set; }

    /// <summary>Adds a sequence to the group that takes it, a new one if need be.</summary>
    /// <returns>Index of the group; the sequence's row is the group's last.</returns>
    public int Add(CachedAttention attention)
    {
        int group = 0;
        while (group < Groups && !_groups[group].Takes(attention))
            group++;
        if (group == Groups && Groups++ == _groups.Count)
            _groups.Add(new AttentionGroup());
        _groups[group].Add(attention);
        return group;
    }

    /// <summary>Forgets the sequences.</summary>
    public void Clear()
    {
        foreach (AttentionGroup group in _groups)
            group.Clear();
        Groups = 0;
    }

    public override int PositionOf(int row)
    {
        int group = 0;
        for (; row >= _groups[group].Count; group++)
            row -= _groups[group].Count;
        return _groups[group].PositionOf(row);
    }

    public override void Attend(int layer, Span<float> queries, Span<float> keys, Span<float> values, int tokens, Span<float> output)
    {
        int queryWidth = queries.Length / tokens, keyWidth = keys.Length / tokens;
        for (int group = 0, row = 0; group < Groups; row += _groups[group++].Count)
        {
            int rows = _groups[group].Count;
            _groups[group].Attend(
                layer, queries.Slice(row * queryWidth, rows * queryWidth), keys.Slice(row * keyWidth, rows * keyWidth),
                values.Slice(row * keyWidth, rows * keyWidth), 1, output.Slice(row * queryWidth, rows * queryWidth));
        }
    }
}
