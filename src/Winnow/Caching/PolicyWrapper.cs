namespace Winnow.Caching;

/// <summary>Everything that the command line, the server and the tests need to know of a wrapper: a policy made of a scoring policy, as in <c>adakv(snapkv)</c>.</summary>
public sealed record PolicyWrapper
{
    /// <summary>Name on the command line.</summary>
    public required string Name { get; init; }

    /// <summary>What the wrapper changes, in one sentence.</summary>
    public required string Summary { get; init; }

    /// <summary>Source paper, or how it came about.</summary>
    public required string Paper { get; init; }

    /// <summary>Its options.</summary>
    public IReadOnlyList<PolicyOption> Options { get; init; } = [];

    /// <summary>Wraps a policy.</summary>
    public required Func<PolicyArguments, ScoringPolicy, ScoringPolicy> Wrap { get; init; }

    /// <summary>Wraps a chosen policy and refuses options that the wrapper does not have.</summary>
    /// <exception cref="WinnowException">The policy does not score entries or rolls positions, or an option is unknown or has a value that cannot work.</exception>
    public ChosenPolicy Apply(ChosenPolicy inner, PolicyArguments arguments)
    {
        if (inner.Policy is not ScoringPolicy scoring)
        {
            IEnumerable<string> scorers = PolicyCatalogue.All.Where(policy => policy.Scores).Select(policy => policy.Name);
            throw new WinnowException(
                $"'{Name}' wraps a policy that scores entries, and '{inner.Descriptor.Name}' does not; wrap one of: {string.Join(", ", scorers)}");
        }

        if (scoring.Needs.Positions == PositionMode.Rolling)
            throw new WinnowException(
                $"'{Name}' chooses once the whole prompt is read, so '{inner.Descriptor.Name}' inside it cannot roll positions; use position=original");
        ScoringPolicy policy = Wrap(arguments, scoring);
        arguments.RequireAllRead(Options.Select(option => option.Name));
        PolicyDescriptor descriptor = inner.Descriptor with
        {
            Name = $"{Name}({inner.Descriptor.Name})",
            Summary = $"{inner.Descriptor.Summary}; {Summary}",
            Survives = inner.Descriptor.Survives & ~CacheFeatures.BeyondWindow,
        };
        return new ChosenPolicy(descriptor, policy);
    }
}

/// <summary>A scoring policy whose division of the budget has been exchanged.</summary>
/// <param name="inner">Scores the entries.</param>
/// <param name="layers">How layers share the budget; null for the inner policy's way.</param>
/// <param name="selection">How entries are chosen; null for the inner policy's way.</param>
internal sealed class WrappedPolicy(ScoringPolicy inner, LayerBudgets? layers = null, EntrySelection? selection = null) : ScoringPolicy(inner.Keep)
{
    // What is generated stays, so nobody asks what attention it receives.
    public override PolicyNeeds Needs { get; } = inner.Needs.Observer is { } observer
        ? inner.Needs with { Observer = observer with { Passes = observer.Passes & ~ObservedPasses.Steps } }
        : inner.Needs;

    public override LayerBudgets Layers => layers ?? inner.Layers;

    public override EntrySelection Selection => selection ?? inner.Selection;

    public override EntryScorer CreateScorer() => inner.CreateScorer();
}
