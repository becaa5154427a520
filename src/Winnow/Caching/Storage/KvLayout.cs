using Winnow.Kernels.Attention;

namespace Winnow.Caching.Storage;

/// <summary>Shape of a store: how many lanes, what a page looks like, and what is remembered of each entry.</summary>
/// <param name="Layers">Transformer layers.</param>
/// <param name="KvHeads">KV heads of a layer; a lane each.</param>
/// <param name="Format">Layout of the pages.</param>
/// <param name="Fields">Fields of an entry besides key, value and position.</param>
/// <param name="ScoreChannels">Scores of an entry, where <see cref="EntryFields.Scores"/> is set.</param>
public sealed record KvLayout(int Layers, int KvHeads, PageFormat Format, EntryFields Fields, int ScoreChannels = 1)
{
    /// <summary>Lanes of a sequence.</summary>
    public int Lanes => Layers * KvHeads;

    /// <summary>Bytes of keys and values that a full cache of <paramref name="length"/> tokens takes, whole pages counted.</summary>
    public long FullBytes(int length) => (long)Lanes * PagesFor(length) * Format.PayloadBytes;

    /// <summary>Pages that hold <paramref name="entries"/> entries of a lane.</summary>
    public static int PagesFor(int entries) => (entries + PageFormat.Entries - 1) / PageFormat.Entries;
}
