using FsCheck;
using FsCheck.Fluent;
using Winnow.Caching;
using Winnow.Caching.Policies;

namespace Winnow.Tests.Caching.Policies;

public sealed class PyramidKvTests
{
    [Fact]
    public void PyramidKv_KnownAnswer1_budgets_fall_on_a_line_from_almost_twice_the_mean()
    {
        // Beside the window 80 are free on average: the line runs from 156 over 105.3 and 54.7 to 80 / 20 = 4.
        Assert.Equal([176, 125, 75, 24], Divide(layers: 4, window: 20, beta: 20, mean: 100, prompt: 1000));
    }

    [Fact]
    public void PyramidKv_KnownAnswer2_the_first_layer_keeps_at_most_the_prompt()
    {
        // The line would begin at 107.25; only 80 entries lie beside the window, so it runs from 80 to 30.
        Assert.Equal([100, 75, 50], Divide(layers: 3, window: 20, beta: 20, mean: 75, prompt: 100));
    }

    [Fact]
    public void PyramidKv_KnownAnswer3_a_beta_of_1_is_flat() =>
        Assert.Equal([100, 100, 100, 100], Divide(layers: 4, window: 20, beta: 1, mean: 100, prompt: 1000));

    [Fact]
    public void Budgets_never_rise_never_exceed_the_prompt_and_keep_their_mean_to_the_entry()
    {
        Gen<(int Layers, int Window, int Prompt, int Mean, int Beta)> cases =
            from layers in Gen.Choose(1, 48)
            from window in Gen.Choose(1, 64)
            from prompt in Gen.Choose(3, 3000)
            from mean in Gen.Choose(2, prompt)
            from beta in Gen.Choose(1, 40)
            select (layers, window, prompt, mean, beta);
        Check.One(Config.QuickThrowOnFailure.WithMaxTest(2000), Prop.ForAll(cases.ToArbitrary(), c =>
        {
            int[] budgets = Divide(c.Layers, c.Window, c.Beta, c.Mean, c.Prompt);
            Assert.Equal(c.Mean * c.Layers, budgets.Sum());
            Assert.Equal(budgets.OrderDescending(), budgets);
            Assert.All(budgets, budget => Assert.InRange(budget, 1, c.Prompt));
        }));
    }

    [Fact]
    public void Votes_are_those_of_snapkv()
    {
        // A single layer has nothing to divide.
        int[][] kept = [.. new[] { "snapkv", "pyramidkv" }.Select(name =>
        {
            using PolicyBench bench = new(PolicyCatalogue.Parse($"{name}:window=2,kernel=3,pooling=max", Budget.Entries(5)).Policy);
            bench.Prefill(12, position => [position is 3 or 7 ? position : 0, 0], queries: [1, 0, 1, 0]);
            return bench.Kept();
        })];
        Assert.Equal(kept[0], kept[1]);
        Assert.Equal([6, 7, 8, 10, 11], kept[1]);
    }

    [Fact]
    public void The_layers_of_a_model_hold_the_budget_together()
    {
        using TinyLlamaFile file = new();
        using LanguageModel model = file.Load();
        using Sequence sequence = model.CreateSequence(PolicyCatalogue.Parse("pyramidkv", Budget.Entries(100)));
        sequence.Prefill(TinyLlamaFile.Tokens(600));
        // 68 beside the window of 32: 132.6 and 3.4 in two layers.
        Assert.Equal([165, 165, 35, 35], new[] { (0, 0), (0, 1), (1, 0), (1, 1) }.Select(lane => sequence.Cache[lane.Item1, lane.Item2].Length));
    }

    private static int[] Divide(int layers, int window, double beta, int mean, int prompt)
    {
        PyramidKv.Pyramid pyramid = new(window, beta);
        return [.. Enumerable.Range(0, layers).Select(layer => pyramid.Of(layer, layers, mean, prompt))];
    }
}
