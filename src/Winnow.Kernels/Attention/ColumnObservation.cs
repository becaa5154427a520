namespace Winnow.Kernels.Attention;

/// <summary>
/// What an observer keeps of the attention probabilities that each entry receives. An entry has <see cref="Channels"/> numbers: one for the group or one for each
/// of its query heads, and with a local window as many again that count near queries only.
/// </summary>
public readonly record struct ColumnObservation
{
    /// <summary>The sum over all queries and over the heads of the group, as H2O scores entries.</summary>
    public ColumnObservation()
    {
    }

    /// <summary>Whether each query head of the group has a number of its own; otherwise the heads are added (or their maximum taken).</summary>
    public bool PerQueryHead { get; init; }

    /// <summary>Whether the largest probability is kept instead of the sum.</summary>
    public bool Maximum { get; init; }

    /// <summary>Weight of a query against the next one, 0 to 1; older queries fade. With a maximum it must be 1.</summary>
    public float Decay { get; init; } = 1;

    /// <summary>With w above zero, second channels count only queries less than w tokens after the entry.</summary>
    public int LocalWindow { get; init; }

    /// <summary>Numbers of one kind: the heads told apart.</summary>
    public int Heads(int group) => PerQueryHead ? group : 1;

    /// <summary>Numbers of an entry whose lane serves <paramref name="group"/> query heads.</summary>
    public int Channels(int group) => Heads(group) * (LocalWindow > 0 ? 2 : 1);
}
