using Winnow.Caching;

namespace Winnow.Tests.Caching;

public sealed class BudgetTests
{
    [Theory]
    [InlineData("25%", 1300, 325)]
    [InlineData("10%", 30, 3)]
    [InlineData("12.5 %", 80, 10)]
    [InlineData("1024", 5000, 1024)]
    [InlineData("64KiB", 5000, 64)]
    [InlineData("100%", 10, int.MaxValue)]
    [InlineData("1%", 50, 2)]
    public void A_budget_becomes_entries_of_a_lane(string text, int prompt, int entries) =>
        Assert.Equal(entries, Budget.Parse(text).Resolve(prompt, lanes: 4, entryBytes: 256, least: 2));

    [Theory]
    [InlineData("0")]
    [InlineData("0%")]
    [InlineData("-5")]
    [InlineData("101%")]
    [InlineData("NaN%")]
    [InlineData("a quarter")]
    [InlineData("")]
    [InlineData("1e9%")]
    public void What_cannot_work_is_one_sentence(string text)
    {
        WinnowException error = Assert.Throws<WinnowException>(() => Budget.Parse(text));
        Assert.DoesNotContain('\n', error.Message);
    }
}
