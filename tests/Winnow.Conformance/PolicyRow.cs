using Winnow.Caching;
using Winnow.Caching.Policies;

namespace Winnow.Conformance;

/// <summary>A policy of the table, as a user writes it.</summary>
/// <param name="Text">Name, or wrapper and what it wraps.</param>
/// <param name="Page">File name of its page in <c>docs/policies</c>.</param>
internal sealed record PolicyRow(string Text, string Page)
{
    /// <summary>Every policy of the catalogue, and every wrapper around two policies that score in different ways. New ones appear by themselves.</summary>
    public static IReadOnlyList<PolicyRow> All { get; } =
    [
        .. PolicyCatalogue.All.Select(policy => new PolicyRow(policy.Name, policy.Name + ".md")),
        .. PolicyCatalogue.Wrappers.SelectMany(wrapper => new[] { SnapKv.Descriptor, H2O.Descriptor }
            .Select(inner => new PolicyRow($"{wrapper.Name}({inner.Name})", "wrappers.md"))),
    ];

    /// <summary>What the policy says of itself.</summary>
    public PolicyDescriptor Descriptor => Choose("50%").Descriptor;

    /// <summary>Whether the text names an option of its own kind that makes positions roll.</summary>
    public bool MayRoll => PolicyCatalogue.All.Any(policy => policy.Name == Text && policy.Options.Any(option => option.Name == "position"));

    /// <summary>Builds the policy.</summary>
    public ChosenPolicy Choose(string keep) => PolicyCatalogue.Parse(Text, Budget.Parse(keep));
}
