using Winnow.Tokenization.Json;

namespace Winnow.Tests.Tokenization.Json;

public sealed class JsonPatternsTests
{
    [Theory]
    [InlineData(@"\s+(?!\S)|\s+", @"\s+(?!\S)|\s+")]
    [InlineData(@"[^\r\n\p{L}]?+\p{L}+", @"(?>[^\r\n\p{L}]?)\p{L}+")]
    [InlineData(@"\p{N}{1,3}+| ?x++", @"(?>\p{N}{1,3})| ?(?>x+)")]
    [InlineData(@"(?:a(b|c)*+)?+d", @"(?>(?:a(?>(b|c)*))?)d")]
    [InlineData(@"[+]+[\]+]*+", @"[+]+(?>[\]+]*)")]
    [InlineData(@"\++\?+", @"\++\?+")]
    [InlineData(@"a|+", @"a|+")]
    [InlineData("[", "[")]
    [InlineData("\\", "\\")]
    public void Possessive_quantifiers_become_atomic_groups(string pattern, string expected) =>
        Assert.Equal(expected, JsonPatterns.WithAtomicGroups(pattern));
}
