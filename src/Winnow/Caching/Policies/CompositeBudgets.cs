using System.Numerics.Tensors;

namespace Winnow.Caching.Policies;

/// <summary>
/// Shares one budget among layers by rank: the best composite scores of all layers are taken until the budget is used (KVCompose, arXiv 2509.05165). A composite
/// score joins the k-th best scores of a layer's heads, so a layer's scores fall and what is taken of it is a beginning.
/// </summary>
internal static class CompositeBudgets
{
    /// <summary>Budgets alike for all heads of a layer.</summary>
    /// <param name="scores">[layers][kvHeads][entries].</param>
    /// <param name="total">Entries of one head, summed over the layers.</param>
    /// <param name="maximum">Whether heads are joined by their maximum instead of their mean.</param>
    /// <param name="floor">Fewest entries of a layer.</param>
    /// <param name="firstLongest">Whether the first layer gets at least what any other gets.</param>
    /// <returns>[layers][kvHeads].</returns>
    public static int[][] Structured(float[][][] scores, long total, bool maximum, int floor, bool firstLongest)
    {
        float[][] composites = Composites(scores, maximum, firstLongest);
        int[] taken = Take(composites, total, floor);
        return [.. scores.Select((layer, index) => Enumerable.Repeat(taken[index], layer.Length).ToArray())];
    }

    /// <summary>Joined scores of the k-th best entries of each layer, falling.</summary>
    /// <param name="scores">[layers][kvHeads][entries].</param>
    /// <param name="maximum">Whether heads are joined by their maximum instead of their mean.</param>
    /// <param name="firstLongest">Whether the first layer's scores are raised to the largest of any layer.</param>
    /// <returns>[layers][entries].</returns>
    internal static float[][] Composites(float[][][] scores, bool maximum, bool firstLongest)
    {
        float[][] composites = [.. scores.Select(layer => Composite(layer, maximum))];
        for (int layer = 1; layer < composites.Length && firstLongest; layer++)
        {
            int common = Math.Min(composites[0].Length, composites[layer].Length);
            TensorPrimitives.Max(composites[0].AsSpan(0, common), composites[layer].AsSpan(0, common), composites[0].AsSpan(0, common));
        }

        return composites;
    }

    /// <summary>Budgets of each head for itself.</summary>
    /// <param name="scores">[layers][kvHeads][entries].</param>
    /// <param name="total">Entries of all lanes.</param>
    /// <param name="floor">Fewest entries of a lane.</param>
    /// <returns>[layers][kvHeads].</returns>
    public static int[][] Unstructured(float[][][] scores, long total, int floor)
    {
        int[] taken = Take([.. scores.SelectMany(layer => layer).Select(Descending)], total, floor);
        int next = 0;
        return [.. scores.Select(layer => layer.Select(_ => taken[next++]).ToArray())];
    }

    private static float[] Composite(float[][] lanes, bool maximum)
    {
        float[] composite = new float[lanes.Min(lane => lane.Length)];
        foreach (float[] lane in lanes)
        {
            ReadOnlySpan<float> sorted = Descending(lane).AsSpan(0, composite.Length);
            if (maximum)
                TensorPrimitives.Max(composite, sorted, composite);
            else
                TensorPrimitives.MultiplyAdd(sorted, 1f / lanes.Length, composite, composite);
        }

        return composite;
    }

    private static float[] Descending(float[] scores)
    {
        float[] sorted = [.. scores];
        sorted.AsSpan().Sort((a, b) => b.CompareTo(a));
        return sorted;
    }

    /// <summary>Takes from rows that fall; among equals the earlier row, as everywhere, comes first.</summary>
    private static int[] Take(float[][] rows, long total, int floor)
    {
        int[] taken = [.. rows.Select(row => Math.Min(floor, row.Length))];
        PriorityQueue<int, (float Score, int Row)> heads = new();
        for (int row = 0; row < rows.Length; row++)
            Offer(row);
        for (long left = total - taken.Sum(); left > 0 && heads.TryDequeue(out int row, out _); left--)
        {
            taken[row]++;
            Offer(row);
        }

        return taken;

        void Offer(int row)
        {
            if (taken[row] < rows[row].Length)
                heads.Enqueue(row, (-rows[row][taken[row]], row));
        }
    }
}
