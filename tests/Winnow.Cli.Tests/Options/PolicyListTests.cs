using Winnow.Caching;
using Winnow.Cli.Options;
using Winnow.Evaluation;

namespace Winnow.Cli.Tests.Options;

public sealed class PolicyListTests
{
    [Fact]
    public void A_comma_separates_policies_and_the_options_of_one()
    {
        Assert.Equal(["h2o:hh=64,recent=64", "snapkv", "sage-kv:sink=4"], Names(["h2o:hh=64,recent=64,snapkv", "sage-kv:sink=4"], "512"));
    }

    [Fact]
    public void All_means_every_policy_but_the_full_cache_which_runs_anyway() =>
        Assert.Equal(PolicyCatalogue.All.Skip(1).Select(policy => policy.Name), Names(["all", "full", "snapkv"], "25%"));

    [Fact]
    public void Every_policy_runs_with_every_budget_unless_it_names_its_own()
    {
        IReadOnlyList<ComparisonEntry> entries = PolicyList.Parse(["snapkv", "h2o:keep=10%"], ["50%,25%"]);
        Assert.Equal(["50%", "25%", "10%"], entries.Select(entry => entry.EffectiveKeep().ToString()));
    }

    [Theory]
    [InlineData("magic", "25%")]
    [InlineData("snapkv:kernel=4", "25%")]
    [InlineData("snapkv", "lots")]
    public void What_cannot_work_is_refused(string policy, string keep) => Assert.Throws<WinnowException>(() => PolicyList.Parse([policy], [keep]));

    private static IEnumerable<string> Names(string[] policies, string keep) => PolicyList.Parse(policies, [keep]).Select(entry => entry.PolicyText);
}
