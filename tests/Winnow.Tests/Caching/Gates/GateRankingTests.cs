using Winnow.Caching.Gates;

namespace Winnow.Tests.Caching.Gates;

public sealed class GateRankingTests
{
    private static readonly float[] Gates = [0.27734375f, 0.09765625f, 0.609375f, 0.466796875f, 0, 0.83984375f, 0.061523438f, 0.07421875f];

    [Theory]
    [InlineData(.5, 0.1875, "10110100", .5)]
    [InlineData(.4, 0.09296875, "11110100", .375)]
    [InlineData(.6, 0.315234375, "00110100", .625)]
    public void RlKv_KnownAnswer4_quantile_cut(double sparsity, double threshold, string full, double actual)
    {
        GateCut cut = new GateRanking(Gates).At(sparsity);
        Assert.Equal(threshold, cut.Threshold, 2e-6);
        Assert.Equal(full, string.Concat(cut.Full.Select(isFull => isFull ? '1' : '0')));
        Assert.Equal(actual, cut.Sparsity, 1e-12);
    }

    [Fact]
    public void No_sparsity_keeps_all_heads_and_all_of_it_none()
    {
        GateRanking ranking = new(Gates);
        Assert.All(ranking.At(0).Full, Assert.True);
        Assert.All(ranking.At(1).Full, Assert.False);
        Assert.Equal((0, 1), (ranking.At(0).Sparsity, ranking.At(1).Sparsity));
    }

    [Fact]
    public void Equal_gates_are_told_apart_in_the_same_way_every_time()
    {
        float[] equal = Enumerable.Repeat(.5f, 40).ToArray();
        GateCut cut = new GateRanking(equal).At(.25);
        Assert.Equal(.25, cut.Sparsity, 1e-12);
        Assert.Equal(cut.Full, new GateRanking(equal).At(.25).Full);
        Assert.NotEqual(cut.Full, new GateRanking(equal, seed: 1).At(.25).Full);
    }

    [Fact]
    public void The_noise_never_turns_two_different_gates_around()
    {
        float[] gates = [.5f, .5f + 1e-4f, .5f - 1e-4f];
        for (int seed = 0; seed < 50; seed++)
            Assert.Equal([1, 0, 2], new GateRanking(gates, seed).Descending());
    }
}
