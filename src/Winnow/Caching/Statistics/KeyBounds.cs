using System.Numerics.Tensors;
using Winnow.Caching.Storage;

namespace Winnow.Caching.Statistics;

/// <summary>The smallest and the largest value of each key channel over runs of a lane's entries; complete runs only.</summary>
/// <param name="page">Entries of a run.</param>
/// <param name="dim">Channels of a key.</param>
internal sealed class KeyBounds(int page, int dim)
{
    /// <summary>Entries for which room is made at once: a generated token must not allocate.</summary>
    private const int Reserve = 1024;

    private float[] _bounds = [];
    private float[] _key = [];
    private int _pages;

    /// <summary>Bytes held.</summary>
    public long Bytes => sizeof(float) * ((long)_bounds.Length + _key.Length);

    /// <summary>Bounds of a run: [2 × dim], the smallest values before the largest.</summary>
    public ReadOnlySpan<float> this[int run] => Row(run);

    /// <summary>Bounds the runs that have filled up since the last call.</summary>
    public void Follow(Lane lane)
    {
        int complete = lane.Length / page;
        if (complete <= _pages)
            return;
        if (_bounds.Length < complete * 2 * dim)
            Array.Resize(ref _bounds, (complete + Math.Max(Reserve / page, complete / 2)) * 2 * dim);
        if (_key.Length == 0)
            _key = new float[dim];
        for (; _pages < complete; _pages++)
        {
            Span<float> low = Row(_pages)[..dim], high = Row(_pages)[dim..];
            lane.ReadKey(_pages * page, low);
            low.CopyTo(high);
            for (int slot = _pages * page + 1; slot < (_pages + 1) * page; slot++)
            {
                lane.ReadKey(slot, _key);
                TensorPrimitives.Min(low, _key, low);
                TensorPrimitives.Max(high, _key, high);
            }
        }
    }

    /// <summary>Forgets runs that reach beyond a number of entries.</summary>
    public void Truncate(int entries) => _pages = Math.Min(_pages, entries / page);

    /// <summary>The same bounds, to go on with on their own.</summary>
    public KeyBounds Clone() => new(page, dim) { _bounds = [.. _bounds], _pages = _pages };

    private Span<float> Row(int run) => _bounds.AsSpan(run * 2 * dim, 2 * dim);
}
