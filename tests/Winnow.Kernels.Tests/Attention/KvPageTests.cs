using Winnow.Kernels.Attention;

namespace Winnow.Kernels.Tests.Attention;

public sealed class KvPageTests
{
    private const int Dim = 80;

    public static TheoryData<EntryType, EntryType> Pairs
    {
        get
        {
            TheoryData<EntryType, EntryType> pairs = [];
            foreach (EntryType keys in Enum.GetValues<EntryType>())
            {
                foreach (EntryType values in Enum.GetValues<EntryType>())
                    pairs.Add(keys, values);
            }

            return pairs;
        }
    }

    [Theory]
    [MemberData(nameof(Pairs))]
    public void Entries_read_back_as_the_rules_of_their_types_say(EntryType keyType, EntryType valueType)
    {
        using PagePool pool = new(new PageFormat(Dim, keyType, valueType));
        KvPage page = pool.Rent();
        float[][] keys = Draw(1), values = Draw(2);
        // The other way round, so that a write which spills over would spoil what is there already.
        for (int slot = PageFormat.Entries - 1; slot >= 0; slot--)
            page.Write(pool.Format, slot, keys[slot], values[slot]);
        for (int slot = 0; slot < PageFormat.Entries; slot++)
        {
            Assert.Equal(PlainEntry.Round(keyType, keys[slot]), Key(pool, page, slot), Close);
            Assert.Equal(PlainEntry.Round(valueType, values[slot]), Value(pool, page, slot), Close);
        }

        pool.Release(page);
    }

    [Theory]
    [MemberData(nameof(Pairs))]
    public void Writing_or_copying_an_entry_leaves_the_others_alone(EntryType keyType, EntryType valueType)
    {
        using PagePool pool = new(new PageFormat(Dim, keyType, valueType));
        (KvPage source, KvPage target) = (Filled(pool, 3), Filled(pool, 4));
        (float[] Key, float[] Value)[] expected =
            [.. Enumerable.Range(0, PageFormat.Entries).Select(slot => (Key(pool, target, slot), Value(pool, target, slot)))];
        target.CopyEntry(pool.Format, 17, source, 62);
        expected[17] = (Key(pool, source, 62), Value(pool, source, 62));
        target.CopyEntry(pool.Format, 63, target, 0);
        expected[63] = expected[0];
        target.Write(pool.Format, 30, new float[Dim], new float[Dim]);
        expected[30] = (new float[Dim], new float[Dim]);
        for (int slot = 0; slot < PageFormat.Entries; slot++)
        {
            Assert.Equal(expected[slot].Key, Key(pool, target, slot));
            Assert.Equal(expected[slot].Value, Value(pool, target, slot));
        }

        pool.Release(source);
        pool.Release(target);
    }

    [Theory]
    [MemberData(nameof(Pairs))]
    public void A_shared_page_is_copied_whole_before_it_is_written(EntryType keyType, EntryType valueType)
    {
        using PagePool pool = new(new PageFormat(Dim, keyType, valueType));
        KvPage page = Filled(pool, 5);
        PagePool.Share(page);
        KvPage copy = pool.MakeOwned(page);
        Assert.True(copy.Payload(pool.Format).SequenceEqual(page.Payload(pool.Format)));
        copy.Write(pool.Format, 8, new float[Dim], new float[Dim]);
        Assert.NotEqual(0, Key(pool, page, 8)[0]);
        Assert.Equal(0, Key(pool, copy, 8)[0]);
        pool.Release(page);
        pool.Release(copy);
        Assert.Equal(0, pool.LivePages);
    }

    [Theory]
    [InlineData(EntryType.Q4_0)]
    [InlineData(EntryType.Q4_1)]
    public void Codes_of_four_bits_use_their_whole_range(EntryType type)
    {
        using PagePool pool = new(new PageFormat(32, type));
        KvPage page = pool.Rent();
        float[] ramp = [.. Enumerable.Range(0, 32).Select(channel => channel / 2 - 8f)], key = new float[32], value = new float[32];
        page.Write(pool.Format, 9, ramp, ramp);
        page.ReadKey(pool.Format, 9, key);
        page.ReadValue(pool.Format, 9, value);
        Assert.Equal(ramp, key);
        Assert.Equal(ramp, value);
        pool.Release(page);
    }

    [Theory]
    [InlineData(EntryType.F16, EntryType.F16, 4.0)]
    [InlineData(EntryType.Q8_0, EntryType.Q8_0, 2.125)]
    [InlineData(EntryType.Q4_0, EntryType.Q4_0, 1.125)]
    [InlineData(EntryType.Q4_1, EntryType.Q4_1, 1.25)]
    [InlineData(EntryType.Q8_0, EntryType.Q4_0, 1.625)]
    public void Bytes_follow_the_types(EntryType keyType, EntryType valueType, double bytesPerChannel) =>
        Assert.Equal(64 * 64 * bytesPerChannel, new PageFormat(64, keyType, valueType).PayloadBytes);

    [Fact]
    public void Formats_with_other_types_of_keys_or_values_are_not_equal()
    {
        PageFormat format = new(64, EntryType.Q8_0, EntryType.Q4_0);
        Assert.Equal(format, new PageFormat(64, new EntryTypes(EntryType.Q8_0, EntryType.Q4_0)));
        Assert.NotEqual(format, new PageFormat(64, EntryType.Q8_0));
        Assert.NotEqual(format, new PageFormat(64, EntryType.Q4_0, EntryType.Q8_0));
    }

    private static bool Close(float a, float b) => MathF.Abs(a - b) <= 1e-6f;

    private static KvPage Filled(PagePool pool, int seed)
    {
        KvPage page = pool.Rent();
        float[][] keys = Draw(seed), values = Draw(seed + 100);
        for (int slot = 0; slot < PageFormat.Entries; slot++)
            page.Write(pool.Format, slot, keys[slot], values[slot]);
        return page;
    }

    private static float[][] Draw(int seed)
    {
        Random random = new(seed);
        return [.. Enumerable.Range(0, PageFormat.Entries).Select(_ => LaneFixture.Draw(random, Dim))];
    }

    private static float[] Key(PagePool pool, KvPage page, int slot)
    {
        float[] key = new float[Dim];
        page.ReadKey(pool.Format, slot, key);
        return key;
    }

    private static float[] Value(PagePool pool, KvPage page, int slot)
    {
        float[] value = new float[Dim];
        page.ReadValue(pool.Format, slot, value);
        return value;
    }
}
