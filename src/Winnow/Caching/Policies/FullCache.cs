namespace Winnow.Caching.Policies;

/// <summary>Keeps every entry: the reference that all other policies are compared with.</summary>
public sealed class FullCache : CachePolicy
{
    private FullCache()
    {
    }

    /// <summary>The policy in the catalogue. A budget has no effect on it.</summary>
    public static PolicyDescriptor Descriptor { get; } = new()
    {
        Name = "full",
        Summary = "keeps every entry; the reference for all others",
        Paper = "Vaswani et al. 2017, arXiv 1706.03762",
        Survives = CacheFeatures.Fork | CacheFeatures.Rollback | CacheFeatures.QuantisedEntries | CacheFeatures.GroupedQueries
            | CacheFeatures.SlidingWindow | CacheFeatures.ChunkedPrefill | CacheFeatures.PrefixReuse,
        Build = _ => new FullCache(),
    };

    /// <inheritdoc/>
    public override PolicyNeeds Needs { get; } = new();

    /// <inheritdoc/>
    public override CacheSession? Start() => null;
}
