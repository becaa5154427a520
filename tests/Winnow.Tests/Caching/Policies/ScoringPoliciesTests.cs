using FsCheck;
using FsCheck.Fluent;
using Winnow.Caching;
using Winnow.Caching.Policies;

namespace Winnow.Tests.Caching.Policies;

/// <summary>What holds for every policy whose scores do not depend on the budget.</summary>
public sealed class ScoringPoliciesTests
{
    private const int Tokens = 24;

    public static TheoryData<string> Policies => ["knorm", "keydiff", "random", "tova", "expected-attention:sink=0"];

    [Theory]
    [MemberData(nameof(Policies))]
    public void A_lane_holds_its_budget_and_a_larger_budget_only_adds(string policy) =>
        Check.One(Config.QuickThrowOnFailure.WithMaxTest(20), Prop.ForAll(Gen.Choose(0, 1_000_000).ToArbitrary(), seed =>
        {
            int[] smaller = [];
            for (int budget = 2; budget <= Tokens; budget++)
            {
                int[] kept = Kept(policy, budget, seed);
                Assert.Equal(budget, kept.Length);
                Assert.Subset(kept.ToHashSet(), smaller.ToHashSet());
                smaller = kept;
            }
        }));

    [Theory]
    [InlineData("knorm")]
    [InlineData("keydiff")]
    [InlineData("expected-attention:sink=0")]
    public void Equal_entries_keep_the_earlier_ones(string policy)
    {
        using PolicyBench bench = new(PolicyCatalogue.Parse(policy, Budget.Entries(3)).Policy);
        bench.Prefill(6, _ => [1, 1], value: _ => [1, 0], raw: new float[12]);
        Assert.Equal([0, 1, 2], bench.Kept());
    }

    private static int[] Kept(string policy, int budget, int seed)
    {
        using PolicyBench bench = new(PolicyCatalogue.Parse(policy, Budget.Entries(budget)).Policy, kvHeads: 2, group: 2);
        Random random = new(seed);
        float[] Draw(int count) => [.. Enumerable.Range(0, count).Select(_ => (float)random.NextDouble() * 4 - 2)];
        float[][] keys = [.. Enumerable.Range(0, Tokens).Select(_ => Draw(2))], values = [.. Enumerable.Range(0, Tokens).Select(_ => Draw(2))];
        bench.Prefill(Tokens, position => keys[position], queries: Draw(8), value: position => values[position], raw: Draw(Tokens * 8));
        return bench.Kept();
    }
}
