using Winnow.Caching;
using Winnow.Caching.Policies;
using Winnow.Tests.Caching.Policies;

namespace Winnow.Tests.Caching;

public sealed class PolicyWrapperTests
{
    [Theory]
    [InlineData("adakv(streaming-llm)", "'adakv' wraps a policy that scores entries, and 'streaming-llm' does not; wrap one of: h2o, snapkv")]
    [InlineData("adakv(quest)", "'quest' does not")]
    [InlineData("adakv(nothing)", "there is no cache policy 'nothing'")]
    [InlineData("adam(snapkv)", "there is no cache wrapper 'adam'; there are: adakv, chunk, per-layer")]
    [InlineData("adakv", "'adakv' is a wrapper; put a policy inside it, such as adakv(snapkv)")]
    [InlineData("adakv(snapkv):window=3", "'adakv' has no option 'window'; it has: floor, keep")]
    [InlineData("adakv(snapkv):floor=2", "a number from 0 to 1")]
    [InlineData("chunk(snapkv):size=0", "it must be 1 or more")]
    [InlineData("adakv(h2o:position=rolling)", "'h2o' inside it cannot roll positions")]
    public void What_cannot_be_wrapped_is_explained(string text, string message) =>
        Assert.Contains(message, Assert.Throws<WinnowException>(() => PolicyCatalogue.Parse(text, Budget.Parse("25%"))).Message, StringComparison.Ordinal);

    [Fact]
    public void Names_and_summaries_add_up_and_a_text_beyond_the_window_is_given_up()
    {
        ChosenPolicy policy = PolicyCatalogue.Parse("adakv(per-layer(h2o))", Budget.Parse("25%"));
        Assert.Equal("adakv(per-layer(h2o))", policy.Descriptor.Name);
        Assert.Equal($"{H2O.Descriptor.Summary}; layers get different shares of the budget; the lanes of a layer compete for its budget", policy.Descriptor.Summary);
        Assert.Equal(H2O.Descriptor.Survives & ~CacheFeatures.BeyondWindow, policy.Descriptor.Survives);
    }

    [Theory]
    [InlineData("adakv(snapkv):keep=10%", "10%")]
    [InlineData("adakv(snapkv:keep=5%):keep=10%", "5%")]
    [InlineData("adakv(snapkv)", "25%")]
    public void A_wrappers_budget_holds_for_what_it_wraps(string text, string keep) =>
        Assert.Equal(Budget.Parse(keep), ((ScoringPolicy)PolicyCatalogue.Parse(text, Budget.Parse("25%")).Policy).Keep);

    [Fact]
    public void A_wrapped_policy_asks_for_nothing_while_generating()
    {
        Assert.Equal(ObservedPasses.Prompt, PolicyCatalogue.Parse("adakv(h2o)", Budget.Parse("25%")).Policy.Needs.Observer!.Passes);
        Assert.Null(PolicyCatalogue.Parse("adakv(h2o)", Budget.Unlimited).Policy.Start());
    }

    [Fact]
    public void Wrappers_of_budgets_and_of_choices_combine()
    {
        using PolicyBench bench = new StubScores(Budget.Entries(4), [1, 2, 3, 4, 5, 6, 7, 8]).Bench("chunk", ":size=4");
        Assert.Equal([2, 3, 6, 7], bench.Kept());
        ScoringPolicy both = (ScoringPolicy)PolicyCatalogue.Parse("per-layer(adakv(snapkv))", Budget.Parse("25%")).Policy;
        Assert.IsType<AdaKv>(both.Selection);
        Assert.IsType<PerLayer>(both.Layers);
    }
}
