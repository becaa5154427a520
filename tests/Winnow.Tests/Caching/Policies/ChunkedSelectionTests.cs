using FsCheck;
using FsCheck.Fluent;
using Winnow.Caching;

namespace Winnow.Tests.Caching.Policies;

public sealed class ChunkedSelectionTests
{
    private const float Must = float.PositiveInfinity;

    [Fact]
    public void Chunk_KnownAnswer1_every_chunk_keeps_the_same_share_of_its_best()
    {
        // Everything of value lies in the first chunk, yet all three keep two.
        using PolicyBench bench = new StubScores(Budget.Entries(6), [9, 8, 7, 6, .1f, .3f, .2f, .4f, 0, 0, 0, 0]).Bench("chunk", ":size=4");
        Assert.Equal([0, 1, 5, 7, 8, 9], bench.Kept());
    }

    [Fact]
    public void Chunk_KnownAnswer2_what_must_stay_is_kept_first_and_the_rest_is_shared_by_candidates()
    {
        // Two of five are spoken for; of the ten candidates the chunks have 4, 4 and 2, so the shares grow to 1.2, 2.4 and 3.
        using PolicyBench bench = new StubScores(Budget.Entries(5), [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, Must, Must]).Bench("chunk", ":size=4");
        Assert.Equal([3, 7, 9, 10, 11], bench.Kept());
    }

    [Fact]
    public void Chunk_KnownAnswer3_one_chunk_is_the_plain_selection()
    {
        using PolicyBench bench = new StubScores(Budget.Entries(2), [1, 4, 2, 3]).Bench("chunk");
        Assert.Equal([1, 3], bench.Kept());
    }

    [Fact]
    public void The_count_is_exact_what_must_stay_stays_and_chunks_differ_by_rounding_alone()
    {
        var cases =
            from seed in Gen.Choose(0, 1_000_000)
            from length in Gen.Choose(2, 90)
            from budget in Gen.Choose(2, 90)
            from size in Gen.Choose(1, 30)
            from must in Gen.Choose(0, 12)
            select (seed, length, budget, size, must);
        Check.One(Config.QuickThrowOnFailure.WithMaxTest(500), Prop.ForAll(cases.ToArbitrary(), c =>
        {
            Random random = new(c.seed);
            float[] scores = [.. Enumerable.Range(0, c.length).Select(_ => (float)random.NextDouble())];
            for (int i = 0; i < c.must; i++)
                scores[random.Next(c.length)] = Must;
            int[] must = [.. Enumerable.Range(0, c.length).Where(slot => float.IsInfinity(scores[slot]))];
            using PolicyBench bench = new StubScores(Budget.Entries(c.budget), scores).Bench("chunk", $":size={c.size}");
            int[] kept = bench.Kept();
            Assert.Equal(Math.Min(c.length, c.budget), kept.Length);
            Assert.Equal(Math.Min(must.Length, c.budget), kept.Intersect(must).Count());
            if (must.Length >= Math.Min(c.budget, c.length))
                return;
            double share = (double)(kept.Length - must.Length) / (c.length - must.Length);
            for (int start = 0; start < c.length; start += c.size)
            {
                int[] chunk = [.. Enumerable.Range(start, Math.Min(c.size, c.length - start)).Except(must)];
                Assert.InRange(chunk.Intersect(kept).Count() - share * chunk.Length, -1, 1);
            }
        }));
    }
}
