using System.Text.Json;
using Winnow.Caching;

namespace Winnow.Cli.Tests.Commands;

public sealed class PoliciesCommandTests
{
    [Fact]
    public void The_JSON_is_the_catalogue_in_its_order()
    {
        JsonElement[] policies = [.. Cli.Run("policies", "--json").Json().EnumerateArray()];
        Assert.Equal(PolicyCatalogue.All.Select(policy => policy.Name), policies.Select(policy => policy.GetProperty("name").GetString()));
        Assert.All(policies, policy => Assert.Equal(
            ["name", "summary", "paper", "options", "needs", "survives"], policy.EnumerateObject().Select(property => property.Name)));
        JsonElement snapKv = policies.Single(policy => policy.GetProperty("name").GetString() == "snapkv");
        Assert.Equal("last 32 queries", snapKv.GetProperty("needs")[0].GetString());
        Assert.Contains("quantised-entries", snapKv.GetProperty("survives").EnumerateArray().Select(word => word.GetString()));
        Assert.Equal("window", snapKv.GetProperty("options")[0].GetProperty("name").GetString());
    }

    [Fact]
    public void The_table_names_every_policy_and_has_no_colours_in_a_file()
    {
        string text = Cli.Run("policies").Out;
        Assert.All(PolicyCatalogue.All, policy => Assert.Contains(policy.Summary, text, StringComparison.Ordinal));
        Assert.DoesNotContain('\u001b', text);
    }

    [Fact]
    public void The_table_ends_with_the_wrappers_and_what_they_wrap()
    {
        string text = Cli.Run("policies").Out;
        Assert.All(PolicyCatalogue.Wrappers, wrapper => Assert.Contains($"{wrapper.Name}(…)  {wrapper.Summary}", text, StringComparison.Ordinal));
        Assert.Contains("floor=0.2", text, StringComparison.Ordinal);
        Assert.Contains("h2o, snapkv, tova", text, StringComparison.Ordinal);
    }
}
