using Winnow.Caching.Statistics;

namespace Winnow.Tests.Caching.Statistics;

public sealed class QueryMomentsTests
{
    private const int Heads = 3;
    private const int Dim = 8;
    private const int Tokens = 60;
    private const float Scale = 0.4f;

    [Theory]
    [InlineData(60, 0)]
    [InlineData(1, 0)]
    [InlineData(7, 0)]
    [InlineData(7, 300)]
    public void Chunks_of_any_size_give_the_expectation_over_a_gaussian(int chunk, float offset)
    {
        float[] queries = Draw(Tokens * Heads * Dim, 1), keys = Draw(Dim * 5, 2);
        for (int i = 0; i < queries.Length; i += Dim)
            queries[i] += offset;
        QueryMoments moments = new(Heads, Dim, covariance: true);
        for (int start = 0; start < Tokens; start += chunk)
        {
            int count = Math.Min(chunk, Tokens - start);
            moments.Add(queries.AsSpan(start * Heads * Dim, count * Heads * Dim), count);
        }

        float[] logits = new float[5];
        for (int head = 0; head < Heads; head++)
        {
            moments.Expect(head, keys, Scale, new float[5], logits);
            for (int key = 0; key < 5; key++)
                Assert.Equal(Expected(queries, keys, head, key), logits[key], 1e-4 * Math.Max(1, offset));
        }
    }

    /// <summary>Mean and variance of scale · q·k over the queries, μ + σ²/2.</summary>
    private static double Expected(float[] queries, float[] keys, int head, int key)
    {
        double[] products = new double[Tokens];
        for (int token = 0; token < Tokens; token++)
        {
            for (int i = 0; i < Dim; i++)
                products[token] += (double)Scale * queries[(token * Heads + head) * Dim + i] * keys[i * 5 + key];
        }

        double mean = products.Average();
        return mean + products.Average(product => (product - mean) * (product - mean)) / 2;
    }

    private static float[] Draw(int count, int seed)
    {
        Random random = new(seed);
        return [.. Enumerable.Range(0, count).Select(_ => (float)random.NextDouble() * 2 - 1)];
    }
}
