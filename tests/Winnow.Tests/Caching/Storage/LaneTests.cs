using Winnow.Caching.Storage;
using Winnow.Kernels.Attention;

namespace Winnow.Tests.Caching.Storage;

public sealed class LaneTests : IDisposable
{
    private const int Dim = 4;
    private readonly PagePool _pool = new(new PageFormat(Dim, EntryType.F32));
    private readonly List<KvStore> _stores = [];

    public void Dispose()
    {
        _stores.ForEach(store => store.Dispose());
        Assert.Equal(0, _pool.LivePages);
        _pool.Dispose();
    }

    [Fact]
    public void Keeping_slots_moves_entries_with_their_fields_and_frees_pages()
    {
        Lane lane = Filled(200, EntryFields.Scores | EntryFields.Flags)[0, 0];
        for (int slot = 0; slot < 200; slot++)
            (lane.Scores[slot], lane.Flags[slot]) = (slot * 0.5f, (byte)slot);
        lane.Keep([3, 70, 199]);
        Assert.Equal([3, 70, 199], lane.Positions.ToArray());
        Assert.Equal([1.5f, 35f, 99.5f], lane.Scores.ToArray());
        Assert.Equal([3, 70, 199], lane.Flags.ToArray());
        Assert.Equal(70f, Key(lane, 1)[0]);
        Assert.Equal(1, lane.Pages);
        Assert.Equal(_pool.Format.PayloadBytes, lane.KvBytes);
        Assert.Equal(1, _pool.LivePages);
    }

    [Fact]
    public void Keeping_nothing_leaves_an_empty_lane()
    {
        Lane lane = Filled(100)[0, 0];
        lane.Keep([]);
        Assert.Equal((0, 0, 0L), (lane.Length, lane.Pages, lane.KvBytes));
    }

    [Theory]
    [InlineData(5, 5)]
    [InlineData(7, 3)]
    [InlineData(0, 100)]
    public void Slots_must_ascend_and_exist(int first, int second) =>
        Assert.Throws<ArgumentException>(() => Filled(100)[0, 0].Keep([first, second]));

    [Fact]
    public void A_removed_slot_takes_the_newest_entry()
    {
        Lane lane = Filled(66)[0, 0];
        lane.Remove(10);
        Assert.Equal(65, lane.Positions[10]);
        Assert.Equal(65f, Key(lane, 10)[0]);
        lane.Remove(64);
        Assert.Equal((64, 1), (lane.Length, lane.Pages));
    }

    [Fact]
    public void Where_ranks_are_kept_order_stays()
    {
        Lane lane = Filled(70, EntryFields.Ranks)[0, 0];
        lane.Remove(10);
        Assert.Equal(Enumerable.Range(0, 70).Where(position => position != 10), lane.Positions.ToArray());
        Assert.Equal(11f, Key(lane, 10)[0]);
    }

    [Fact]
    public void A_fork_shares_pages_until_one_side_writes()
    {
        KvStore store = Filled(130);
        KvStore fork = store.Fork();
        _stores.Add(fork);
        Assert.Equal(3, _pool.LivePages);
        fork[0, 0].Keep([0, 1, 100]);
        Assert.Equal(100f, Key(fork[0, 0], 2)[0]);
        // The shared first page was copied before slot 2 was overwritten.
        Assert.Equal(2f, Key(store[0, 0], 2)[0]);
        Assert.Equal(4, _pool.LivePages);
        Assert.Equal(130, store[0, 0].Length);
    }

    [Fact]
    public void A_merged_entry_has_weight_and_bias()
    {
        Lane lane = Filled(5, EntryFields.Weights)[0, 0];
        Assert.Equal(1f, lane.Weights[2]);
        lane.Replace(2, [9, 9, 9, 9], [8, 8, 8, 8], weight: 3, bias: MathF.Log(3));
        float[] value = new float[Dim];
        lane.ReadValue(2, value);
        Assert.Equal((9f, 8f, 3f, MathF.Log(3)), (Key(lane, 2)[0], value[0], lane.Weights[2], lane.Biases[2]));
    }

    [Fact]
    public void Merging_without_declared_weights_is_refused() =>
        Assert.Throws<InvalidOperationException>(() => Filled(5)[0, 0].Replace(0, new float[Dim], new float[Dim], 2, 0));

    [Fact]
    public void Truncating_forgets_by_position_not_by_slot()
    {
        KvStore store = Filled(80);
        store.Truncate(33);
        Assert.Equal(33, store[0, 0].Length);
        Assert.Equal(32, store[0, 0].Positions[^1]);
        Assert.Equal(33, store.Position);
    }

    [Fact]
    public void Fields_count_beside_the_bytes_of_keys_and_values()
    {
        KvStore plain = Filled(64), scored = Filled(64, EntryFields.Scores);
        Assert.Equal(plain.KvBytes, scored.KvBytes);
        Assert.Equal(64 * sizeof(float), scored.FieldBytes - plain.FieldBytes);
    }

    private static float[] Key(Lane lane, int slot)
    {
        float[] key = new float[Dim];
        lane.ReadKey(slot, key);
        return key;
    }

    /// <summary>A store of one lane whose entry at position p has the key (p, p, p, p).</summary>
    private KvStore Filled(int entries, EntryFields fields = EntryFields.None)
    {
        KvStore store = new(new KvLayout(1, 1, _pool.Format, fields), _pool);
        _stores.Add(store);
        store[0, 0].Extend(entries, 0);
        using Winnow.Kernels.Threading.ThreadTeam team = new(1);
        using EntryWriter writer = new(team, _pool.Format);
        float[] keys = [.. Enumerable.Range(0, entries * Dim).Select(i => (float)(i / Dim))];
        writer.Write([store[0, 0].View], new float[entries * Dim], keys, new float[entries * Dim], entries, [0], null, default);
        store.Advance(entries);
        return store;
    }
}
