namespace Winnow.Training.Nano;

/// <summary>
/// Random numbers that are the same on every machine and version of .NET, which a seed of <see cref="Random"/> does not promise across versions:
/// SplitMix64 (Steele, Lea and Flood, 2014).
/// </summary>
internal sealed class NanoRandom(ulong seed)
{
    private ulong _state = seed;

    /// <summary>A generator for one of many independent streams.</summary>
    public static NanoRandom For(int seed, long stream) => new((ulong)seed * 0x9E3779B97F4A7C15 ^ (ulong)stream * 0xD1B54A32D192ED03 ^ 0x5851F42D4C957F2D);

    /// <summary>From 0 to one less than the limit.</summary>
    public int Next(int limit) => (int)((UInt128)NextBits() * (ulong)limit >> 64);

    /// <summary>From the first to one less than the last.</summary>
    public int Next(int least, int limit) => least + Next(limit - least);

    /// <summary>From 0 up to but not 1.</summary>
    public double NextDouble() => (NextBits() >> 11) * (1.0 / (1UL << 53));

    /// <summary>Whether something of this probability happens.</summary>
    public bool Chance(double probability) => NextDouble() < probability;

    /// <summary>One of the items.</summary>
    public T Pick<T>(IReadOnlyList<T> items) => items[Next(items.Count)];

    /// <summary>Index drawn by weight.</summary>
    public int Draw(ReadOnlySpan<double> weights)
    {
        double sum = 0;
        foreach (double weight in weights)
            sum += weight;
        double left = NextDouble() * sum;
        for (int i = 0; i < weights.Length; i++)
        {
            left -= weights[i];
            if (left < 0)
                return i;
        }

        return weights.Length - 1;
    }

    /// <summary>So many different items, in random order.</summary>
    public T[] Sample<T>(IReadOnlyList<T> items, int count)
    {
        T[] all = [.. items];
        for (int i = 0; i < count; i++)
        {
            int other = Next(i, all.Length);
            (all[i], all[other]) = (all[other], all[i]);
        }

        return all[..count];
    }

    /// <summary>Puts items into random order.</summary>
    public void Shuffle<T>(IList<T> items)
    {
        for (int i = items.Count - 1; i > 0; i--)
        {
            int other = Next(i + 1);
            (items[i], items[other]) = (items[other], items[i]);
        }
    }

    private ulong NextBits()
    {
        _state += 0x9E3779B97F4A7C15;
        ulong mixed = _state;
        mixed = (mixed ^ mixed >> 30) * 0xBF58476D1CE4E5B9;
        mixed = (mixed ^ mixed >> 27) * 0x94D049BB133111EB;
        return mixed ^ mixed >> 31;
    }
}
