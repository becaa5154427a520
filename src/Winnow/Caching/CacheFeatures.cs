namespace Winnow.Caching;

/// <summary>Uses of a cache that not every policy survives.</summary>
[Flags]
public enum CacheFeatures
{
    /// <summary>None.</summary>
    None = 0,

    /// <summary>Continuing one text in several ways from a shared past.</summary>
    Fork = 1,

    /// <summary>Going back to any earlier position, also after the policy has acted.</summary>
    Rollback = 2,

    /// <summary>Keys or values stored as codes of 8 or 4 bits.</summary>
    QuantisedEntries = 4,

    /// <summary>Several query heads on one KV head.</summary>
    GroupedQueries = 8,

    /// <summary>Layers that see a sliding window only.</summary>
    SlidingWindow = 16,

    /// <summary>A prompt that arrives in chunks, with the same result as in one piece.</summary>
    ChunkedPrefill = 32,

    /// <summary>Texts longer than the model's trained window.</summary>
    BeyondWindow = 64,

    /// <summary>
    /// A prompt read in two parts, the beginning once for several prompts: nothing is dropped before the prompt's end, and nothing that is gathered until then
    /// depends on where the parts meet.
    /// </summary>
    PrefixReuse = 128,
}
