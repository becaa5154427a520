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
        FastGen.Descriptor,
        Finch.Descriptor,
        MorphKv.Descriptor,
        ZeroMerge.Descriptor,
        KvCompose.Descriptor,
        Fourier.Descriptor,
        RlKv.Descriptor,
        Quest.Descriptor,
        Tova.Descriptor,
        PyramidKv.Descriptor,
        KeyDiff.Descriptor,
        ExpectedAttention.Descriptor,
        KNorm.Descriptor,
        RandomChoice.Descriptor,
    ];

    /// <summary>The policy of a name.</summary>
    /// <exception cref="WinnowException">There is none; the message lists those there are.</exception>
    public static PolicyDescriptor Get(string name) => All.FirstOrDefault(policy => policy.Name == name)
        ?? throw new WinnowException(Wrappers.Any(wrapper => wrapper.Name == name)
            ? $"'{name}' is a wrapper; put a policy inside it, such as {name}(snapkv)"
            : $"there is no cache policy '{name}'; there are: {string.Join(", ", All.Select(policy => policy.Name))}");

    /// <summary>Wrappers, which make one policy of another.</summary>
    public static IReadOnlyList<PolicyWrapper> Wrappers { get; } = [AdaKv.Wrapper, ChunkedSelection.Wrapper, PerLayer.Wrapper];

    /// <summary>Builds a policy from «name», «name:key=value,key=value» or, inside a wrapper, «wrapper(policy):key=value».</summary>
    /// <param name="text">What the user wrote.</param>
    /// <param name="keep">Budget, unless an option «keep» says otherwise.</param>
    /// <exception cref="WinnowException">The name or an option is unknown, or a value cannot work.</exception>
    public static ChosenPolicy Parse(string text, Budget keep)
    {
        PolicyText parts = PolicyText.Parse(text);
        if (parts.Inner is null)
        {
            PolicyDescriptor descriptor = Get(parts.Name);
            return new ChosenPolicy(descriptor, descriptor.Create(new PolicyArguments(parts.Name, parts.Options, keep)));
        }

        PolicyWrapper wrapper = Wrappers.FirstOrDefault(wrapper => wrapper.Name == parts.Name)
            ?? throw new WinnowException($"there is no cache wrapper '{parts.Name}'; there are: {string.Join(", ", Wrappers.Select(wrapper => wrapper.Name))}");
        PolicyArguments arguments = new(parts.Name, parts.Options, keep);
        return wrapper.Apply(Parse(parts.Inner, arguments.Keep), arguments);
    }
}

/// <summary>A policy that is ready to use, and what it is.</summary>
/// <param name="Descriptor">Name and properties.</param>
/// <param name="Policy">The rule with its options.</param>
public sealed record ChosenPolicy(PolicyDescriptor Descriptor, CachePolicy Policy)
{
    /// <summary>The full cache; made without the catalogue, which a program that takes no other policy need not fill.</summary>
    public static ChosenPolicy Full { get; } = new(
        FullCache.Descriptor, FullCache.Descriptor.Create(new PolicyArguments(FullCache.Descriptor.Name, new Dictionary<string, string>(), Budget.Unlimited)));
}
