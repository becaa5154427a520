using FsCheck;
using FsCheck.Fluent;
using Winnow.Tokenization.Models;

namespace Winnow.Tests.Tokenization.Models;

public sealed class UnigramModelTests
{
    private static readonly string[] s_pieces = ["<unk>", "a", "b", "ab", "ba", "aab", "bab", "abab", "bb"];
    private static readonly float[] s_scores = [0, -2.1f, -2.3f, -3.2f, -3.9f, -5.05f, -5.6f, -6.05f, -4.5f];

    [Fact]
    public void No_segmentation_scores_better_than_the_one_given()
    {
        var model = new UnigramModel(s_pieces, s_scores, kinds: null, unknownId: 0);
        Gen<char[]> words = Gen.ArrayOf(Gen.Elements('a', 'b'));
        Check.One(Config.QuickThrowOnFailure, Prop.ForAll(words.Where(word => word.Length is > 0 and < 16).ToArbitrary(), letters =>
        {
            string word = new(letters);
            List<int> ids = [];
            model.Encode(word, ids);
            Assert.Equal(word, string.Concat(ids.Select(id => s_pieces[id])));
            Assert.Equal(Best(word), ids.Sum(id => (double)s_scores[id]), 1e-6);
        }));
    }

    [Fact]
    public void Unknown_characters_side_by_side_are_one_token()
    {
        var model = new UnigramModel(s_pieces, s_scores, kinds: null, unknownId: 0);
        List<int> ids = [];
        model.Encode("a😀éb", ids);
        Assert.Equal([1, 0, 2], ids);
    }

    private static double Best(string word) => word.Length == 0
        ? 0
        : Enumerable.Range(1, s_pieces.Length - 1)
            .Where(id => word.StartsWith(s_pieces[id], StringComparison.Ordinal))
            .Max(id => s_scores[id] + Best(word[s_pieces[id].Length..]));
}
