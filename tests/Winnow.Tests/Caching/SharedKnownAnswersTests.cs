using Winnow.Caching;
using Winnow.Caching.Policies;
using Winnow.Tests.Caching.Policies;

namespace Winnow.Tests.Caching;

/// <summary>Known answers of systems that share pieces with the cache policies: read sets, and votes pooled over neighbours.</summary>
public sealed class SharedKnownAnswersTests
{
    // Importance of positions 0, 1, 2, 3, 6 and 7.
    private static readonly float[] s_importance = [.75f, .25f, .5f, -.75f, 1.5f, -.25f];

    [Fact]
    public void SpecAttn_KnownAnswer6_a_read_set_renormalises()
    {
        AssertReads([1, 2, 3, 4], dense: 1.5073473f, masked: 1.2689414f);
        // Values that add up the probabilities of what is read: the mass captured by it.
        AssertReads([1, 1, 0, 0], dense: .8807971f, masked: 1);
    }

    [Theory]
    [InlineData(1, new[] { 0, 2, 6 })]
    [InlineData(3, new[] { 3, 6, 7 })]
    public void SparseDllm_KnownAnswer6_importance_pooled_by_its_largest_neighbour(int kernel, int[] kept)
    {
        int[] positions = [0, 1, 2, 3, 6, 7], slots = new int[3];
        float[] pooled = new float[6];
        SnapKv.Pool(s_importance, kernel, SnapKv.Pooling.Max, pooled);
        TopEntries.Select(pooled, 3, slots, new ulong[6]);
        Assert.Equal(kernel == 1 ? s_importance : [.75f, .75f, .5f, 1.5f, 1.5f, 1.5f], pooled);
        Assert.Equal(kept, slots.Select(slot => positions[slot]));
    }

    private static void AssertReads(float[] values, float dense, float masked)
    {
        float[] logits = [2, 1, 0, -1];
        using PolicyBench bench = new(PolicyCatalogue.Parse("full", Budget.Unlimited).Policy);
        bench.Prefill(4, position => [logits[position], 0], value: position => [values[position], 0]);
        H2OTests.AssertClose([dense], bench.Attend([1, 0])[..1]);
        bench.Lane.Read([0b0011]);
        H2OTests.AssertClose([masked], bench.Attend([1, 0])[..1]);
    }
}
