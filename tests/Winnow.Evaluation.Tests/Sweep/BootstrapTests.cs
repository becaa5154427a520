namespace Winnow.Evaluation.Tests.Sweep;

public sealed class BootstrapTests
{
    [Fact]
    public void Equal_samples_have_no_spread() => Assert.Equal(new Interval(40, 40), Bootstrap.Mean([[40, 40, 40]]));

    [Fact]
    public void A_single_sample_says_nothing_of_the_spread()
    {
        Assert.Null(Bootstrap.Mean([[40]]));
        Assert.Null(Bootstrap.Mean([[40], [20]]));
        Assert.NotNull(Bootstrap.Mean([[40], [20, 30]]));
    }

    [Fact]
    public void Half_of_a_hundred_right_answers_have_the_interval_of_the_binomial_distribution()
    {
        // The standard error is 100 · √(0.25 / 100) = 5, so the interval is about 50 ± 9.8.
        Interval interval = Bootstrap.Mean([[.. Enumerable.Range(0, 100).Select(i => i % 2 * 100.0)]])!;
        Assert.InRange(interval.Low, 38, 43);
        Assert.InRange(interval.High, 57, 62);
    }

    [Fact]
    public void Groups_are_redrawn_by_themselves_and_count_alike()
    {
        // Each group is constant: however rows are drawn, the mean of the groups' means is 50.
        Assert.Equal(new Interval(50, 50), Bootstrap.Mean([[0, 0, 0, 0, 0, 0], [100, 100]]));
    }

    [Fact]
    public void The_interval_of_known_numbers_lies_around_their_mean_and_is_the_same_each_time()
    {
        double[] samples = [2, 4, 4, 4, 5, 5, 7, 9];
        Interval interval = Bootstrap.Mean([samples])!;
        // Mean 5, standard deviation 2: the standard error is 2 / √8 = 0.71, so ± 1.4 about.
        Assert.InRange(interval.Low, 3.3, 4.1);
        Assert.InRange(interval.High, 5.9, 6.7);
        Assert.Equal(interval, Bootstrap.Mean([samples]));
    }
}
