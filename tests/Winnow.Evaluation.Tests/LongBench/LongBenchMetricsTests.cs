namespace Winnow.Evaluation.Tests.LongBench;

/// <summary>Scores worked out by hand.</summary>
public sealed class LongBenchMetricsTests
{
    private static readonly string[] _classes = ["Food", "Food item", "Date"];

    [Theory]
    [InlineData("Paris!", "paris", 1)]
    // cat sat on mat, cat on mat: 2 · 3 / (4 + 3).
    [InlineData("The cat sat on a mat.", "cat on the mat", 6.0 / 7)]
    // A word counts as often as it comes: 2 · 1 / (2 + 1).
    [InlineData("yes yes", "yes", 2.0 / 3)]
    [InlineData("no", "yes", 0)]
    [InlineData("", "yes", 0)]
    public void F1_of_words_without_case_punctuation_and_articles(string output, string answer, double score) =>
        Assert.Equal(score, LongBenchMetrics.QaF1.Score(output, [answer]), 1e-9);

    [Theory]
    [InlineData("北京。", "北京", 1)]
    // Four characters against two, both of them in common: 2 · 2 / (4 + 2).
    [InlineData("北京大学", "北京", 2.0 / 3)]
    // A number is one word: 2 · 2 / (2 + 3).
    [InlineData("2008 年", "2008年夏", 4.0 / 5)]
    [InlineData("上海", "北京", 0)]
    public void Chinese_F1_counts_characters(string output, string answer, double score) =>
        Assert.Equal(score, LongBenchMetrics.QaF1Chinese.Score(output, [answer]), 1e-9);

    [Theory]
    [InlineData("the cat slept", "the cat slept", 1)]
    // «the cat» from the first sentence and «slept» from the second: 2 · 3 / (5 + 3).
    [InlineData("the cat sat. it slept.", "the cat slept", 0.75)]
    // Order counts: of «b a» against «a b» one word remains, 2 · 1 / (2 + 2).
    [InlineData("b a", "a b", 0.5)]
    // Words count once: {a} against {a, b}.
    [InlineData("a a a", "a b", 2.0 / 3)]
    [InlineData("", "a b", 0)]
    [InlineData(" . ", "a b", 0)]
    public void Rouge_L_gathers_common_subsequences_of_sentences(string output, string answer, double score) =>
        Assert.Equal(score, LongBenchMetrics.Rouge.Score(output, [answer]), 1e-9);

    [Fact]
    public void Chinese_Rouge_L_goes_by_characters() =>
        // 会 and 议 of 会议好: 2 · 2 / (3 + 3).
        Assert.Equal(2.0 / 3, LongBenchMetrics.RougeChinese.Score("会议好", ["开会议"]), 1e-9);

    [Theory]
    [InlineData("Food item", 1)]
    [InlineData("It is a Food item or a Date", 0.5)]
    [InlineData("Date", 0)]
    [InlineData("Food", 0)]
    [InlineData("\nFood item\nDate", 1)]
    public void A_class_is_right_by_one_over_the_classes_named_in_the_first_line(string output, double score) =>
        Assert.Equal(score, LongBenchMetrics.Classification(_classes).Score(output, ["Food item"]), 1e-9);

    [Theory]
    [InlineData("There are 7.", 1)]
    [InlineData("7 or 8", 0.5)]
    [InlineData("17", 0)]
    [InlineData("seven", 0)]
    public void Counts_are_the_share_of_numbers_that_are_right(string output, double score) => Assert.Equal(score, LongBenchMetrics.Count.Score(output, ["7"]));

    [Theory]
    [InlineData("Paragraph 12", "Paragraph 12", 1)]
    [InlineData("Paragraph 1 or 12", "Paragraph 12", 0.5)]
    [InlineData("段落12", "段落12", 1)]
    [InlineData("段落3", "段落12", 0)]
    [InlineData("none", "Paragraph 12", 0)]
    public void Retrieval_is_the_share_of_numbers_that_are_the_paragraphs(string output, string answer, double score) =>
        Assert.Equal(score, LongBenchMetrics.Retrieval.Score(output, [answer]));

    [Theory]
    [InlineData("abcd", "abcd", 1)]
    // abd of abcd and abxd: 2 · 3 / 8.
    [InlineData("abcd", "abxd", 0.75)]
    // 2 · 1 / 3, in whole percent.
    [InlineData("a", "ab", 0.67)]
    [InlineData("", "ab", 0)]
    public void Edit_similarity_is_twice_the_common_letters_over_all(string output, string answer, double score) =>
        Assert.Equal(score, LongBenchMetrics.EditSimilarity(output, answer), 1e-9);

    [Theory]
    [InlineData("return x + 1\nreturn 2", 1)]
    [InlineData("\n```python\n# adds\nreturn x + 1\n", 1)]
    [InlineData("// adds\n", 0)]
    public void The_first_line_of_code_is_compared(string output, double score) =>
        Assert.Equal(score, LongBenchMetrics.CodeSimilarity.Score(output, ["return x + 1"]));

    [Fact]
    public void Of_several_answers_the_best_counts() => Assert.Equal(1, LongBenchMetrics.QaF1.Score("Rome", ["Paris", "Rome"]));

    [Fact]
    public void Metrics_of_a_line_are_settled_when_it_is_complete()
    {
        string[] answers = ["x"];
        Assert.False(LongBenchMetrics.FirstLineQaF1.IsSettled("\na word", answers));
        Assert.True(LongBenchMetrics.FirstLineQaF1.IsSettled("\na word\n", answers));
        Assert.False(LongBenchMetrics.CodeSimilarity.IsSettled("# note\nx = ", answers));
        Assert.False(LongBenchMetrics.CodeSimilarity.IsSettled("# note\n", answers));
        Assert.True(LongBenchMetrics.CodeSimilarity.IsSettled("# note\nx = 1\n", answers));
        Assert.False(LongBenchMetrics.QaF1.IsSettled("x", answers));
    }
}
