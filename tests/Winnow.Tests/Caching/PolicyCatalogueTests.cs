using Winnow.Caching;

namespace Winnow.Tests.Caching;

public sealed class PolicyCatalogueTests
{
    [Theory]
    [InlineData("h3o", "there is no cache policy 'h3o'")]
    [InlineData("h2o:colour=red", "has no option 'colour'; it has: hh, recent, norm, position, keep")]
    [InlineData("h2o:hh=many", "option 'hh' of cache policy 'h2o' is 'many'")]
    [InlineData("h2o:hh", "write options as key=value")]
    [InlineData("h2o:hh=1,hh=2", "appears twice")]
    [InlineData("snapkv:window=0", "it must be 1 to 1024")]
    [InlineData("sage-kv:view=both", "per-query-head or group-union or group-sum")]
    [InlineData("full:keep=0%", "cannot work")]
    public void A_wrong_policy_is_explained(string text, string message) =>
        Assert.Contains(message, Assert.Throws<WinnowException>(() => PolicyCatalogue.Parse(text, Budget.Parse("25%"))).Message, StringComparison.Ordinal);

    [Fact]
    public void Names_are_unique_and_every_option_has_help()
    {
        Assert.Equal(PolicyCatalogue.All.Count, PolicyCatalogue.All.Select(policy => policy.Name).Distinct().Count());
        Assert.All(PolicyCatalogue.All.SelectMany(policy => policy.Options), option => Assert.NotEmpty(option.Help));
    }
}
