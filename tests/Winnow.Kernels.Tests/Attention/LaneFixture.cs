using Winnow.Kernels.Attention;
using Winnow.Kernels.Memory;

namespace Winnow.Kernels.Tests.Attention;

/// <summary>One lane of random entries, kept both as pages and as the plain floats that the pages decode to.</summary>
internal sealed class LaneFixture : IDisposable
{
    private readonly PagePool _pool;
    private readonly NativeBuffer<KvPage> _pages = new();

    public LaneFixture(PagePool pool, int length, int seed)
    {
        _pool = pool;
        Length = length;
        int pages = (length + PageFormat.Entries - 1) / PageFormat.Entries;
        _pages.EnsureLength(pages);
        Positions = new NativeBuffer<int>(pages * PageFormat.Entries);
        int dim = pool.Format.HeadDim;
        Random random = new(seed);
        for (int page = 0; page < pages; page++)
            _pages.Span[page] = pool.Rent();
        for (int entry = 0; entry < length; entry++)
        {
            float[] key = Draw(random, dim), value = Draw(random, dim);
            KvPage page = _pages.Span[entry / PageFormat.Entries];
            page.Write(pool.Format, entry % PageFormat.Entries, key, value);
            page.ReadKey(pool.Format, entry % PageFormat.Entries, key);
            page.ReadValue(pool.Format, entry % PageFormat.Entries, value);
            Keys.Add(key);
            Values.Add(value);
            Positions.Span[entry] = entry;
        }
    }

    public int Length { get; }

    public List<float[]> Keys { get; } = [];

    public List<float[]> Values { get; } = [];

    public NativeBuffer<int> Positions { get; }

    public NativeBuffer<float>? Biases { get; set; }

    public NativeBuffer<uint>? HeadMasks { get; set; }

    public NativeBuffer<ulong>? ReadSet { get; set; }

    public NativeBuffer<int>? Ranks { get; set; }

    public LaneView View => new(_pages, Length, Positions, Biases, HeadMasks, ReadSet, Ranks);

    public static float[] Draw(Random random, int count) => [.. Enumerable.Range(0, count).Select(_ => (float)(random.NextDouble() * 2 - 1))];

    /// <summary>Stores <see cref="Keys"/> and <see cref="Values"/> of an entry again.</summary>
    public void Write(int entry) =>
        _pages.Span[entry / PageFormat.Entries].Write(_pool.Format, entry % PageFormat.Entries, Keys[entry], Values[entry]);

    public void Dispose()
    {
        for (int page = 0; page < (Length + PageFormat.Entries - 1) / PageFormat.Entries; page++)
            _pool.Release(_pages.Span[page]);
        _pages.Dispose();
        Positions.Dispose();
    }
}
