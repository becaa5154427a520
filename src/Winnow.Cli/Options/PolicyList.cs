using Winnow.Caching;
using Winnow.Evaluation;

namespace Winnow.Cli.Options;

/// <summary>Reads which policies to compare at which budgets.</summary>
internal static class PolicyList
{
    /// <summary>Stands for every policy of the catalogue.</summary>
    public const string All = "all";

    /// <summary>The rows besides the full cache.</summary>
    /// <param name="names">
    /// Policies, several in one text separated by commas. A comma also separates the options of one policy: a part with «=» belongs to the policy before it.
    /// </param>
    /// <param name="keeps">Budgets; every policy runs with each, unless its own options name one.</param>
    /// <exception cref="WinnowException">A policy, an option or a budget cannot work.</exception>
    public static IReadOnlyList<ComparisonEntry> Parse(IEnumerable<string> names, IEnumerable<string> keeps)
    {
        Budget[] budgets = [.. keeps.SelectMany(text => text.Split(',', StringSplitOptions.RemoveEmptyEntries)).Select(Budget.Parse)];
        List<ComparisonEntry> entries = [];
        foreach (string policy in names.SelectMany(PolicyText.SplitList).SelectMany(Expand))
        {
            IEnumerable<ComparisonEntry> rows = budgets.Select(keep => new ComparisonEntry(policy, keep));
            // An option «keep» makes the rows of the other budgets the same.
            foreach (ComparisonEntry row in rows.DistinctBy(row => row.EffectiveKeep()))
            {
                row.Parse();
                if (!entries.Contains(row))
                    entries.Add(row);
            }
        }

        return entries;
    }

    private static IEnumerable<string> Expand(string name) =>
        name == All ? PolicyCatalogue.All.Select(policy => policy.Name).Where(IsGuided) : IsGuided(name) ? [name] : [];

    /// <summary>The full cache is always compared, as the first row.</summary>
    private static bool IsGuided(string name) => name != ChosenPolicy.Full.Descriptor.Name;
}
