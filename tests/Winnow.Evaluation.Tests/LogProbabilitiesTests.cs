namespace Winnow.Evaluation.Tests;

public sealed class LogProbabilitiesTests
{
    [Fact]
    public void Equal_logits_share_the_probability() =>
        Assert.Equal(Math.Log(4), LogProbabilities.NegativeLogLikelihood([3, 3, 3, 3], 2), 12);

    [Fact]
    public void Large_logits_neither_overflow_nor_vanish() =>
        Assert.Equal(Math.Log(1 + Math.Exp(-2)), LogProbabilities.NegativeLogLikelihood([10000, 9998], 0), 12);

    [Fact]
    public void Divergence_of_two_coins_is_the_textbook_value()
    {
        // p = (1/2, 1/2), q = (1/4, 3/4).
        double expected = 0.5 * Math.Log(2) + 0.5 * Math.Log(2.0 / 3);
        Assert.Equal(expected, LogProbabilities.KlDivergence([0, 0], [0, MathF.Log(3)]), 6);
    }

    [Theory]
    [InlineData(new[] { .7f, .2f, .1f }, new[] { .5f, .3f, .2f }, .0851228)]
    [InlineData(new[] { .5f, .3f, .2f }, new[] { .7f, .2f, .1f }, .0920329)]
    public void SpecAttn_KnownAnswer5_divergence_tells_its_two_sides_apart(float[] p, float[] q, double expected) =>
        Assert.Equal(expected, LogProbabilities.KlDivergence([.. p.Select(x => MathF.Log(x))], [.. q.Select(x => MathF.Log(x))]), 1e-6);

    [Fact]
    public void Divergence_ignores_a_common_shift_and_words_that_cannot_come()
    {
        Assert.Equal(0, LogProbabilities.KlDivergence([1, 2, 3], [11, 12, 13]), 12);
        Assert.Equal(0, LogProbabilities.KlDivergence([1, 2, float.NegativeInfinity], [1, 2, float.NegativeInfinity]));
    }
}
