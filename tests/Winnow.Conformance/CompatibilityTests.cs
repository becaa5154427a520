using Winnow.Caching;

namespace Winnow.Conformance;

/// <summary>Every policy and wrapper with every use: what is observed is what is declared, and what the documentation says.</summary>
public sealed class CompatibilityTests(Observations observations) : IClassFixture<Observations>
{
    public static TheoryData<string, string> Pairs
    {
        get
        {
            TheoryData<string, string> data = [];
            foreach (PolicyRow row in PolicyRow.All)
            {
                foreach (Use use in Use.All)
                    data.Add(row.Text, use.Title);
            }

            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Pairs))]
    public void What_is_declared_works_and_what_is_not_is_refused(string policy, string title)
    {
        PolicyRow row = PolicyRow.All.Single(row => row.Text == policy);
        Use use = Use.All.Single(use => use.Title == title);
        Outcome outcome = observations[row, use];
        Assert.True(outcome.Verdict != Verdict.Fails, outcome.Note);
        if (use.Feature == CacheFeatures.None)
            return;
        Verdict declared = row.Descriptor.Survives.HasFlag(use.Feature) ? Verdict.Works : Verdict.Refused;
        Assert.True(outcome.Verdict == declared, $"'{policy}' with {title}: declared {declared}, observed {outcome.Verdict} {outcome.Note}");
    }

    [Fact]
    public void The_page_of_compatibility_says_what_is_observed()
    {
        string path = Path.Combine(Docs(), "compatibility.md"), page = CompatibilityPage.Render(observations);
        if (Environment.GetEnvironmentVariable("WINNOW_WRITE_DOCS") == "1")
            File.WriteAllText(path, page);
        Assert.True(
            File.Exists(path) && File.ReadAllText(path).ReplaceLineEndings("\n") == page.ReplaceLineEndings("\n"),
            "docs/compatibility.md does not say what is observed; write it anew with WINNOW_WRITE_DOCS=1");
    }

    [Fact]
    public void Every_policy_has_a_page() =>
        Assert.All(PolicyRow.All, row => Assert.True(File.Exists(Path.Combine(Docs(), "policies", row.Page)), $"docs/policies/{row.Page} is missing"));

    private static string Docs()
    {
        DirectoryInfo? folder = new(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "Winnow.slnx")))
            folder = folder.Parent;
        return Path.Combine(folder?.FullName ?? "", "docs");
    }
}
