using Winnow.Kernels.Memory;

namespace Winnow.Caching;

/// <summary>The queries of the newest tokens of every layer, as attention used them; kept across chunk borders.</summary>
internal sealed class QueryHistory : IDisposable
{
    private readonly int _width;
    private readonly NativeBuffer<float> _rows;
    private readonly NativeBuffer<float> _ordered;
    private readonly int[] _seen;

    /// <summary>Room for <paramref name="capacity"/> queries of each layer, of <paramref name="width"/> = queryHeads × headDim floats.</summary>
    public QueryHistory(int layers, int capacity, int width)
    {
        (Capacity, _width) = (capacity, width);
        _seen = new int[layers];
        _rows = new NativeBuffer<float>(checked(layers * capacity * width));
        _ordered = new NativeBuffer<float>(capacity * width);
    }

    public int Capacity { get; }

    public int Count(int layer) => Math.Min(_seen[layer], Capacity);

    /// <summary>Remembers the last rows of a pass.</summary>
    public void Record(int layer, ReadOnlySpan<float> queries, int tokens)
    {
        for (int token = Math.Max(0, tokens - Capacity); token < tokens; token++)
            queries.Slice(token * _width, _width).CopyTo(Row(layer, (_seen[layer] + token) % Capacity));
        _seen[layer] += tokens;
    }

    /// <summary>[count, width], oldest first; valid until the next call.</summary>
    public ReadOnlySpan<float> Newest(int layer, int count)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(count, Count(layer));
        for (int i = 0; i < count; i++)
            Row(layer, (_seen[layer] - count + i) % Capacity).CopyTo(_ordered.Span[(i * _width)..]);
        return _ordered.Span[..(count * _width)];
    }

    /// <summary>Forgets the newest queries, after a rollback; older ones that were overwritten are gone.</summary>
    public void Clear() => Array.Clear(_seen);

    public QueryHistory Clone()
    {
        QueryHistory copy = new(_seen.Length, Capacity, _width);
        _rows.Span.CopyTo(copy._rows.Span);
        _seen.CopyTo(copy._seen, 0);
        return copy;
    }

    public void Dispose()
    {
        _rows.Dispose();
        _ordered.Dispose();
    }

    private Span<float> Row(int layer, int index) => _rows.Span.Slice((layer * Capacity + index) * _width, _width);
}
