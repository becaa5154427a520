using Winnow.Caching;

namespace Winnow.Tests.Caching;

/// <summary>Vectors and ends alike must find what one look at each entry finds.</summary>
public sealed class LightestEntryTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(16)]
    [InlineData(129)]
    public void The_same_as_a_look_at_each_entry(int length)
    {
        Random random = new(length);
        for (int trial = 0; trial < 200; trial++)
        {
            // Few different scores, so that many are equal; positions in no order, as slots are after removals.
            float[] scores = [.. Enumerable.Range(0, length).Select(_ => (float)random.Next(1 + trial % 9))];
            int[] positions = [.. Enumerable.Range(0, length).OrderBy(_ => random.Next())];
            int before = random.Next(length + 2);
            int[] eligible = [.. Enumerable.Range(0, length).Where(slot => positions[slot] < before)];
            int expected = eligible.Length == 0 ? -1 : eligible.OrderBy(slot => scores[slot]).ThenByDescending(slot => positions[slot]).First();
            Assert.Equal(expected, LightestEntry.Find(scores, positions, before));
        }
    }

    [Fact]
    public void An_entry_of_infinite_score_leaves_when_no_other_may() =>
        Assert.Equal(1, LightestEntry.Find([1, float.PositiveInfinity], [5, 2], 5));
}
