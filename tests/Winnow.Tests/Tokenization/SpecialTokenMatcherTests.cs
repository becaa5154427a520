using Winnow.Tokenization;

namespace Winnow.Tests.Tokenization;

public sealed class SpecialTokenMatcherTests
{
    private static readonly SpecialTokenMatcher s_matcher = new(
    [
        new AddedToken("<a>", 1, IsControl: true), new AddedToken("<a>>", 2, IsControl: true), new AddedToken("<a", 3, IsControl: false),
        new AddedToken("word", 4, IsControl: false, WholeWord: true),
    ]);

    [Theory]
    [InlineData("x<a>>y", true, 2, 1)]
    [InlineData("x<a>y", true, 1, 1)]
    [InlineData("x<a>y", false, 3, 1)]
    [InlineData("a word.", true, 4, 2)]
    public void The_leftmost_and_longest_is_found(string text, bool withControl, int id, int position)
    {
        Assert.Equal(id, s_matcher.Next(text, 0, withControl, out int found)!.Id);
        Assert.Equal(position, found);
    }

    [Theory]
    [InlineData("")]
    [InlineData("< a > <b>")]
    [InlineData("sword words")]
    public void Text_without_added_tokens_gives_none(string text)
    {
        Assert.Null(s_matcher.Next(text, 0, withControl: true, out int position));
        Assert.Equal(text.Length, position);
    }
}
