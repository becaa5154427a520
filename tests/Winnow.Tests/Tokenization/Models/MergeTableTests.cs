using FsCheck;
using FsCheck.Fluent;
using Winnow.Tokenization.Models;

namespace Winnow.Tests.Tokenization.Models;

public sealed class MergeTableTests
{
    private static readonly (string Left, string Right)[] s_merges =
        [("a", "b"), ("b", "a"), ("ab", "a"), ("c", "c"), ("cc", "c"), ("aba", "b"), ("b", "b"), ("ab", "cc"), ("a", "a"), ("aa", "aa"), ("ba", "ba")];

    private static readonly Dictionary<string, int> s_ids = ((string[])["a", "b", "c", .. s_merges.Select(merge => merge.Left + merge.Right)])
        .Distinct().Select((piece, id) => (piece, id)).ToDictionary(pair => pair.piece, pair => pair.id);

    [Fact]
    public void Long_words_merge_as_the_library_merges_short_ones()
    {
        var library = new BytePairModel(s_ids, s_merges, new BytePairOptions(ByteLevel: false));
        MergeTable table = MergeTable.Create(s_ids, s_merges);
        Gen<char[]> words = Gen.ArrayOf(Gen.Elements('a', 'b', 'c'));
        Check.One(Config.QuickThrowOnFailure.WithMaxTest(3000), Prop.ForAll(words.ToArbitrary(), letters =>
        {
            string word = new(letters);
            List<int> expected = [];
            List<int> actual = [];
            if (word.Length > 0)
                library.Encode(word, expected);
            table.Encode(word, actual);
            Assert.Equal(expected, actual);
        }));
    }

    [Fact]
    public void Pieces_may_hold_spaces_where_the_file_gives_pairs()
    {
        Dictionary<string, int> ids = new() { [" "] = 0, ["x"] = 1, ["  "] = 2, ["  x"] = 3 };
        var model = new BytePairModel(ids, [(" ", " "), ("  ", "x")], new BytePairOptions(ByteLevel: false));
        List<int> found = [];
        model.Encode("  x", found);
        Assert.Equal([3], found);
    }
}
