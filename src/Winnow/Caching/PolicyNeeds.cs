using Winnow.Caching.Storage;

namespace Winnow.Caching;

/// <summary>What a policy asks of the engine. What nobody asks for is not computed.</summary>
public sealed record PolicyNeeds
{
    /// <summary>Fields of an entry. With <see cref="EntryFields.Scores"/> every forward pass adds to each entry's score the attention it received.</summary>
    public EntryFields Fields { get; init; }

    /// <summary>Queries of the newest tokens to remember for <see cref="LayerCache.Logits"/>.</summary>
    public int RecentQueries { get; init; }

    /// <summary>Where keys stand for the rotary embedding.</summary>
    public PositionMode Positions { get; init; }

    /// <summary>The parts in words, for tables.</summary>
    public IReadOnlyList<string> Describe()
    {
        List<string> words = [];
        if (Fields.HasFlag(EntryFields.Scores))
            words.Add("attention column sums");
        if (RecentQueries > 0)
            words.Add(RecentQueries == 1 ? "last query" : $"last {RecentQueries} queries");
        if (Fields.HasFlag(EntryFields.HeadMasks))
            words.Add("a mask of query heads for each entry");
        if (Fields.HasFlag(EntryFields.Weights))
            words.Add("entry weights");
        if (Fields.HasFlag(EntryFields.Flags))
            words.Add("entry flags");
        if (Positions == PositionMode.Rolling)
            words.Add("rolling positions");
        return words;
    }
}
