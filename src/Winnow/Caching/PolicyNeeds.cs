using Winnow.Caching.Storage;

namespace Winnow.Caching;

/// <summary>What a policy asks of the engine. What nobody asks for is not computed.</summary>
public sealed record PolicyNeeds
{
    /// <summary>Fields of an entry besides key, value, position and what the other needs imply.</summary>
    public EntryFields Fields { get; init; }

    /// <summary>What is gathered in the entries' scores while attention runs; null for nothing.</summary>
    public AttentionObserver? Observer { get; init; }

    /// <summary>Queries of the newest tokens to remember for <see cref="LayerCache.Logits(int, int, Span{float})"/>.</summary>
    public int RecentQueries { get; init; }

    /// <summary>Whether <see cref="CacheSession.ObserveQueries"/> is called with the queries before they are rotated.</summary>
    public bool RawQueries { get; init; }

    /// <summary>Whether entries are flagged with the <see cref="Tokenization.TokenKinds"/> of their token.</summary>
    public bool TokenKinds { get; init; }

    /// <summary>
    /// Whether the prompt is read a second time against its own finished cache, at the positions after it, for the observer's sake; what that pass caches is
    /// dropped again.
    /// </summary>
    public bool Replay { get; init; }

    /// <summary>Texts to replay one by one instead of the prompt itself; empty for the prompt.</summary>
    public IReadOnlyList<string> ReplayTexts { get; init; } = [];

    /// <summary>Whether the policy reads documents chunk by chunk, each followed by the question: <see cref="CacheSession.NextChunk"/> is asked.</summary>
    public bool GuidedReading { get; init; }

    /// <summary>Whether the policy holds entries in a form of its own and joins them to the attention: <see cref="CacheSession.AttendSegments"/>.</summary>
    public bool Segments { get; init; }

    /// <summary>Where keys stand for the rotary embedding.</summary>
    public PositionMode Positions { get; init; }

    /// <summary>All fields of an entry.</summary>
    internal EntryFields AllFields => Fields
        | (Observer is null ? EntryFields.None : EntryFields.Scores)
        | (TokenKinds ? EntryFields.Flags : EntryFields.None)
        | (Positions == PositionMode.Rolling ? EntryFields.Ranks : EntryFields.None);

    /// <summary>The parts in words, for tables.</summary>
    public IReadOnlyList<string> Describe()
    {
        List<string> words = [];
        if (Observer is not null)
            words.Add(Describe(Observer));
        if (RecentQueries > 0)
            words.Add(RecentQueries == 1 ? "last query" : $"last {RecentQueries} queries");
        Add(RawQueries, "queries before rotation");
        Add(TokenKinds, "kinds of tokens");
        Add(Replay, "a second reading of the prompt");
        Add(GuidedReading, "the question after each chunk");
        Add(Segments, "a storage segment of its own");
        Add(Fields.HasFlag(EntryFields.HeadMasks), "a mask of query heads for each entry");
        Add(Fields.HasFlag(EntryFields.Weights), "entry weights");
        Add(Positions == PositionMode.Rolling, "rolling positions");
        return words;

        void Add(bool needed, string word)
        {
            if (needed)
                words.Add(word);
        }
    }

    private static string Describe(AttentionObserver observer) =>
        (observer.Decay < 1 ? "decayed " : "") + (observer.Maximum ? "attention column maxima" : "attention column sums")
        + (observer.PerQueryHead ? " of each query head" : "") + (observer.LocalWindow is null ? "" : ", near and far");
}
