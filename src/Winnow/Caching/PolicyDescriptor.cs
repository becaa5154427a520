namespace Winnow.Caching;

/// <summary>An option of a policy, for help and tables.</summary>
/// <param name="Name">Key.</param>
/// <param name="Default">What holds when it is not given.</param>
/// <param name="Help">What it does.</param>
public sealed record PolicyOption(string Name, string Default, string Help);

/// <summary>Everything that the command line, the server and the tests need to know of a policy.</summary>
public sealed record PolicyDescriptor
{
    /// <summary>Name on the command line.</summary>
    public required string Name { get; init; }

    /// <summary>What the policy does, in one sentence.</summary>
    public required string Summary { get; init; }

    /// <summary>Source paper, or how it came about.</summary>
    public required string Paper { get; init; }

    /// <summary>Its options besides the budget.</summary>
    public IReadOnlyList<PolicyOption> Options { get; init; } = [];

    /// <summary>Uses that the policy survives; any other is refused.</summary>
    public required CacheFeatures Survives { get; init; }

    /// <summary>Whether the policy keeps all entries and limits what is read of them: its budget is time, not memory.</summary>
    public bool KeepsEverything { get; init; }

    /// <summary>Builds the policy from its options.</summary>
    public required Func<PolicyArguments, CachePolicy> Build { get; init; }

    /// <summary>Whether the policy scores entries, so that a <see cref="PolicyWrapper"/> can wrap it.</summary>
    public bool Scores => Build(new PolicyArguments(Name, new Dictionary<string, string>(), Budget.Unlimited)) is ScoringPolicy;

    /// <summary>Builds the policy and refuses options that it does not have.</summary>
    /// <exception cref="WinnowException">An option is unknown or has a value that cannot work.</exception>
    public CachePolicy Create(PolicyArguments arguments)
    {
        CachePolicy policy = Build(arguments);
        arguments.RequireAllRead(Options.Select(option => option.Name));
        return policy;
    }
}
