namespace Winnow.Caching;

/// <summary>Selection of the best-scored entries with a fixed rule for ties: the lower slot wins.</summary>
internal static class TopEntries
{
    /// <summary>Writes the slots of the <paramref name="count"/> highest scores in ascending order.</summary>
    /// <param name="scores">One score for each candidate; NaN ranks last.</param>
    /// <param name="count">How many to take, at most all.</param>
    /// <param name="slots">Room for <paramref name="count"/> indices.</param>
    /// <param name="keys">Room for as many keys as there are scores.</param>
    public static void Select(ReadOnlySpan<float> scores, int count, Span<int> slots, Span<ulong> keys)
    {
        Rank(scores, count, slots, keys);
        slots[..count].Sort();
    }

    /// <summary>Writes the slots of the <paramref name="count"/> highest scores, best first.</summary>
    /// <param name="scores">One score for each candidate; NaN ranks last.</param>
    /// <param name="count">How many to take, at most all.</param>
    /// <param name="slots">Room for <paramref name="count"/> indices.</param>
    /// <param name="keys">Room for as many keys as there are scores.</param>
    public static void Rank(ReadOnlySpan<float> scores, int count, Span<int> slots, Span<ulong> keys)
    {
        keys = keys[..scores.Length];
        for (int i = 0; i < scores.Length; i++)
            keys[i] = (ulong)Descending(scores[i]) << 32 | (uint)i;
        keys.Sort();
        for (int i = 0; i < count; i++)
            slots[i] = (int)(uint)keys[i];
    }

    /// <summary>Maps floats to integers so that higher floats come first.</summary>
    private static uint Descending(float value)
    {
        if (float.IsNaN(value))
            return uint.MaxValue;
        // +0 and −0 tie.
        uint bits = BitConverter.SingleToUInt32Bits(value + 0f);
        uint ascending = (bits & 0x8000_0000) != 0 ? ~bits : bits | 0x8000_0000;
        return ~ascending;
    }
}
