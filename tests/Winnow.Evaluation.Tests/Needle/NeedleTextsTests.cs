using Winnow.Decoding;

namespace Winnow.Evaluation.Tests.Needle;

public sealed class NeedleTextsTests : IDisposable
{
    private readonly TinyLlama _tiny = new();

    public void Dispose() => _tiny.Dispose();

    [Fact]
    public void The_number_lies_at_its_depth_in_a_text_of_its_length()
    {
        PromptRenderer renderer = new(_tiny.Model.Tokenizer, raw: false);
        IReadOnlyList<NeedleRow> rows = Create([1500, 3000], [0, 0.5, 1], 2);
        Assert.Equal(12, rows.Count);
        Assert.All(rows, needle =>
        {
            Assert.InRange(QuestionWork.Encode(renderer, needle.Row).Tokens.Length + needle.Row.MaxNewTokens, needle.Length * 0.9, needle.Length);
            string text = needle.Row.Context[(needle.Row.Context.IndexOf("\n\n", StringComparison.Ordinal) + 2)..];
            double before = text.IndexOf("One of the secret", StringComparison.Ordinal),
                after = text.Length - text.IndexOf(needle.Row.Answers[0], StringComparison.Ordinal) - 8;
            Assert.InRange(before / (before + Math.Max(0, after) + 1), needle.Depth - 0.05, needle.Depth + 0.05);
            Assert.Equal($"needle_{needle.Length}", needle.Row.Task);
        });
    }

    [Fact]
    public void Scores_are_sorted_into_cells()
    {
        IReadOnlyList<NeedleRow> rows = Create([500, 1000], [0, 1], 2);
        double[] scores = [100, 100, 0, 0, 100, 0, 0, 0];
        SweepResult result = new("h2o", "25%", [], [.. scores.Select(score => new RowOutcome([score], 1))]);
        NeedleGrid grid = NeedleGrid.Of(result, rows);
        Assert.Equal([500, 1000], grid.Lengths);
        Assert.Equal(new double[,] { { 100, 50 }, { 0, 0 } }, grid.Scores);
    }

    [Fact]
    public void What_cannot_be_made_is_named()
    {
        Assert.Contains("a depth of 150 %", Assert.Throws<WinnowException>(() => Create([1000], [1.5], 1)).Message, StringComparison.Ordinal);
        Assert.Contains("needle_100 has", Assert.Throws<WinnowException>(() => Create([100], [0.5], 1)).Message, StringComparison.Ordinal);
        Assert.Contains("0 rows", Assert.Throws<WinnowException>(() => Create([1000], [0.5], 0)).Message, StringComparison.Ordinal);
    }

    private IReadOnlyList<NeedleRow> Create(int[] lengths, double[] depths, int samples) =>
        NeedleTexts.Create(_tiny.Model.Tokenizer, new NeedleOptions { Lengths = lengths, Depths = depths, Samples = samples });
}
