using Winnow.Caching;

namespace Winnow.Tests.Caching;

public sealed class PolicyTextTests
{
    [Fact]
    public void A_name_alone_has_no_options()
    {
        PolicyText text = PolicyText.Parse(" snapkv ");
        Assert.Equal("snapkv", text.Name);
        Assert.Null(text.Inner);
        Assert.Empty(text.Options);
    }

    [Fact]
    public void Options_are_keys_and_values()
    {
        PolicyText text = PolicyText.Parse("snapkv:window=16, kernel = 3");
        Assert.Equal("snapkv", text.Name);
        Assert.Equal([("kernel", "3"), ("window", "16")], text.Options.Select(option => (option.Key, option.Value)).Order());
    }

    [Fact]
    public void A_wrapper_has_options_of_its_own_and_keeps_what_is_inside_as_written()
    {
        PolicyText text = PolicyText.Parse("adakv(chunk(snapkv:window=16,kernel=3):size=64):floor=0.5");
        Assert.Equal("adakv", text.Name);
        Assert.Equal("chunk(snapkv:window=16,kernel=3):size=64", text.Inner);
        Assert.Equal(("floor", "0.5"), text.Options.Select(option => (option.Key, option.Value)).Single());
    }

    [Theory]
    [InlineData("adakv(snapkv", "every parenthesis closed")]
    [InlineData("adakv snapkv)", "every parenthesis closed")]
    [InlineData("adakv()", "every parenthesis closed")]
    [InlineData("adakv(snapkv)x", "every parenthesis closed")]
    [InlineData("snapkv:window", "write options as key=value")]
    [InlineData("snapkv:=3", "write options as key=value")]
    [InlineData("snapkv:window=", "write options as key=value")]
    [InlineData("snapkv:window=1,window=2", "'window' appears twice")]
    public void Another_shape_is_explained(string text, string message) =>
        Assert.Contains(message, Assert.Throws<WinnowException>(() => PolicyText.Parse(text)).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData("h2o", new[] { "h2o" })]
    [InlineData("h2o, snapkv ,", new[] { "h2o", "snapkv" })]
    [InlineData("h2o:hh=3,recent=4,snapkv", new[] { "h2o:hh=3,recent=4", "snapkv" })]
    [InlineData("adakv(snapkv:window=8,kernel=3):floor=0.1,h2o", new[] { "adakv(snapkv:window=8,kernel=3):floor=0.1", "h2o" })]
    [InlineData("h2o,adakv(snapkv:window=8)", new[] { "h2o", "adakv(snapkv:window=8)" })]
    [InlineData("adakv(snapkv),chunk(adakv(h2o:hh=3)):size=9", new[] { "adakv(snapkv)", "chunk(adakv(h2o:hh=3)):size=9" })]
    [InlineData("chunk(adakv(snapkv)):size=64,keep=10%, full", new[] { "chunk(adakv(snapkv)):size=64,keep=10%", "full" })]
    [InlineData("rlkv:gates=my(1).tsv,sink=4,full", new[] { "rlkv:gates=my(1).tsv,sink=4", "full" })]
    [InlineData("", new string[0])]
    public void A_list_is_taken_apart_outside_parentheses(string text, string[] policies) => Assert.Equal(policies, PolicyText.SplitList(text));
}
