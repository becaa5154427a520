using FsCheck;
using FsCheck.Fluent;
using Winnow.Caching;
using Winnow.Caching.Policies;

namespace Winnow.Tests.Caching.Policies;

public sealed class PerLayerTests
{
    [Fact]
    public void PerLayer_KnownAnswer1_layers_between_the_weights_are_interpolated()
    {
        Assert.Equal([133, 100, 67], Divide([2, 1], layers: 3, mean: 100, prompt: 1000));
        Assert.Equal([50, 100, 150, 100, 50], Divide([1, 3, 1], layers: 5, mean: 90, prompt: 1000));
        Assert.Equal([100, 100], Divide([7], layers: 2, mean: 100, prompt: 1000));
        Assert.Equal([100], Divide([3, 1], layers: 1, mean: 100, prompt: 1000));
    }

    [Fact]
    public void PerLayer_KnownAnswer2_what_a_layer_cannot_use_goes_to_the_others() =>
        // 133 of 120 tokens: the first keeps all, and the others share 180 as 1.5 to 1.
        Assert.Equal([120, 108, 72], Divide([2, 1], layers: 3, mean: 100, prompt: 120));

    [Fact]
    public void A_budget_for_everything_is_left_alone() => Assert.Equal([500, 500], Divide([2, 1], layers: 2, mean: 500, prompt: 300));

    [Fact]
    public void The_mean_over_layers_is_kept_to_the_entry()
    {
        var cases =
            from layers in Gen.Choose(1, 40)
            from prompt in Gen.Choose(200, 3000)
            from mean in Gen.Choose(100, prompt)
            from weights in Gen.ArrayOf(Gen.Choose(1, 9))
            where weights.Length > 0
            select (layers, prompt, mean, weights);
        Check.One(Config.QuickThrowOnFailure.WithMaxTest(1000), Prop.ForAll(cases.ToArbitrary(), c =>
        {
            int[] budgets = Divide([.. c.weights.Select(weight => (double)weight)], c.layers, c.mean, c.prompt);
            Assert.Equal(c.mean * c.layers, budgets.Sum());
            Assert.All(budgets, budget => Assert.InRange(budget, 2, c.prompt));
        }));
    }

    [Fact]
    public void The_layers_of_a_model_follow_the_weights()
    {
        using TinyLlamaFile file = new();
        using LanguageModel model = file.Load();
        using Sequence sequence = model.CreateSequence(PolicyCatalogue.Parse("adakv(per-layer(knorm):weights=3/1):floor=1", Budget.Entries(100)));
        sequence.Prefill(TinyLlamaFile.Tokens(600));
        Assert.Equal([150, 150, 50, 50], new[] { (0, 0), (0, 1), (1, 0), (1, 1) }.Select(lane => sequence.Cache[lane.Item1, lane.Item2].Length));
    }

    [Theory]
    [InlineData("2/0")]
    [InlineData("2//1")]
    [InlineData("-1")]
    [InlineData("much")]
    public void Weights_that_cannot_work_are_explained(string weights)
    {
        WinnowException error = Assert.Throws<WinnowException>(() => PolicyCatalogue.Parse($"per-layer(snapkv):weights={weights}", Budget.Parse("25%")));
        Assert.Contains($"is '{weights}'; it must be numbers above 0 separated by slashes", error.Message, StringComparison.Ordinal);
    }

    private static int[] Divide(double[] weights, int layers, int mean, int prompt)
    {
        PerLayer budgets = new(weights);
        return [.. Enumerable.Range(0, layers).Select(layer => budgets.Of(layer, layers, mean, prompt))];
    }
}
