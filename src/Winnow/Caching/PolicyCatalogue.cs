using Winnow.Caching.Policies;

namespace Winnow.Caching;

/// <summary>All cache policies by name. A new policy is one more line here.</summary>
public static class PolicyCatalogue
{
    /// <summary>The policies, the full cache first.</summary>
    public static IReadOnlyList<PolicyDescriptor> All { get; } =
    [
        FullCache.Descriptor,
        StreamingLlm.Descriptor,
        H2O.Descriptor,
        SageKv.Descriptor,
        SnapKv.Descriptor,
    ];

    /// <summary>The policy of a name.</summary>
    /// <exception cref="WinnowException">There is none; the message lists those there are.</exception>
    public static PolicyDescriptor Get(string name) => All.FirstOrDefault(policy => policy.Name == name)
        ?? throw new WinnowException($"there is no cache policy '{name}'; there are: {string.Join(", ", All.Select(policy => policy.Name))}");

    /// <summary>Builds a policy from «name» or «name:key=value,key=value».</summary>
    /// <param name="text">What the user wrote.</param>
    /// <param name="keep">Budget, unless an option «keep» says otherwise.</param>
    /// <exception cref="WinnowException">The name or an option is unknown, or a value cannot work.</exception>
    public static ChosenPolicy Parse(string text, Budget keep)
    {
        int colon = text.IndexOf(':', StringComparison.Ordinal);
        string name = (colon < 0 ? text : text[..colon]).Trim();
        Dictionary<string, string> options = new(StringComparer.Ordinal);
        if (colon >= 0)
        {
            foreach (string part in text[(colon + 1)..].Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
            {
                int equals = part.IndexOf('=', StringComparison.Ordinal);
                if (equals <= 0 || equals == part.Length - 1)
                    throw new WinnowException($"'{part}' in cache policy '{text}' is not understood: write options as key=value, separated by commas");
                if (!options.TryAdd(part[..equals].Trim(), part[(equals + 1)..].Trim()))
                    throw new WinnowException($"option '{part[..equals].Trim()}' appears twice in cache policy '{text}'");
            }
        }

        PolicyDescriptor descriptor = Get(name);
        return new ChosenPolicy(descriptor, descriptor.Create(new PolicyArguments(name, options, keep)));
    }
}

/// <summary>A policy that is ready to use, and what it is.</summary>
/// <param name="Descriptor">Name and properties.</param>
/// <param name="Policy">The rule with its options.</param>
public sealed record ChosenPolicy(PolicyDescriptor Descriptor, CachePolicy Policy)
{
    /// <summary>The full cache.</summary>
    public static ChosenPolicy Full { get; } = PolicyCatalogue.Parse("full", Budget.Unlimited);
}
