using Winnow.Kernels.Attention;

namespace Winnow.Caching;

/// <summary>Forward passes that an observer watches.</summary>
[Flags]
public enum ObservedPasses
{
    /// <summary>None.</summary>
    None = 0,

    /// <summary>Reading a prompt.</summary>
    Prompt = 1,

    /// <summary>Generating.</summary>
    Steps = 2,

    /// <summary>Reading the prompt (or scoring texts) a second time against the finished cache; see <see cref="PolicyNeeds.Replay"/>.</summary>
    Replay = 4,
}

/// <summary>
/// What a policy wants to know of the attention that entries receive. The engine keeps it in the score channels of each lane, up to date after every observed
/// pass: with H heads told apart (1, or the group's), channels 0 to H − 1 count all queries, and channels H to 2·H − 1 count near queries where a local window
/// is asked for.
/// </summary>
public sealed record AttentionObserver
{
    /// <summary>Whether each query head of the group has a channel of its own; otherwise its heads are added.</summary>
    public bool PerQueryHead { get; init; }

    /// <summary>Whether the largest probability is kept instead of the sum.</summary>
    public bool Maximum { get; init; }

    /// <summary>Factor by which older queries count less, for each token that follows; 1 for none.</summary>
    public float Decay { get; init; } = 1;

    /// <summary>
    /// From a layer, whose <see cref="LayerCache.PromptLength"/> is known, to w: a second set of channels counts only queries less than w tokens after the entry.
    /// Null for none.
    /// </summary>
    public Func<LayerCache, int>? LocalWindow { get; init; }

    /// <summary>Passes that count.</summary>
    public ObservedPasses Passes { get; init; } = ObservedPasses.Prompt | ObservedPasses.Steps;

    /// <summary>Score channels of a lane that serves <paramref name="group"/> query heads.</summary>
    public int Channels(int group) => (PerQueryHead ? group : 1) * (LocalWindow is null ? 1 : 2);

    internal ColumnObservation Of(LayerCache layer) => new()
    {
        PerQueryHead = PerQueryHead,
        Maximum = Maximum,
        Decay = Decay,
        LocalWindow = LocalWindow is null ? 0 : Math.Max(1, LocalWindow(layer)),
    };
}
