using Winnow.Kernels.Attention;
using Winnow.Kernels.Memory;

namespace Winnow.Bench;

/// <summary>A lane of random entries at positions 0, 1, 2, …</summary>
internal sealed class RandomLane : IDisposable
{
    private readonly PagePool _pool;
    private readonly NativeBuffer<KvPage> _pages;
    private readonly NativeBuffer<int> _positions;
    private readonly int _length;

    /// <summary>Fills whole pages of a pool.</summary>
    /// <param name="pool">Where the pages come from.</param>
    /// <param name="length">Entries, a multiple of a page's.</param>
    public RandomLane(PagePool pool, int length)
    {
        (_pool, _length) = (pool, length);
        _positions = RandomData.Native<int>([.. Enumerable.Range(0, length)]);
        _pages = new NativeBuffer<KvPage>(length / PageFormat.Entries);
        int dim = pool.Format.HeadDim;
        float[] entries = RandomData.Floats(2 * length * dim);
        for (int entry = 0; entry < length; entry++)
        {
            ref KvPage page = ref _pages.Span[entry / PageFormat.Entries];
            if (entry % PageFormat.Entries == 0)
                page = pool.Rent();
            page.Write(pool.Format, entry % PageFormat.Entries, entries.AsSpan(2 * entry * dim, dim), entries.AsSpan((2 * entry + 1) * dim, dim));
        }
    }

    /// <summary>What the kernels read.</summary>
    public LaneView View => new(_pages, _length, _positions);

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (KvPage page in _pages.Span)
            _pool.Release(page);
        _pages.Dispose();
        _positions.Dispose();
    }
}
