using System.Numerics;
using System.Runtime.InteropServices;

namespace Winnow.Caching;

/// <summary>Finds the entry that a policy which drops one at each step lets go.</summary>
internal static class LightestEntry
{
    /// <summary>The entry with the least score among those before a position; among equals the latest, so that the earlier one stays as in a selection.</summary>
    /// <param name="scores">Score of each entry.</param>
    /// <param name="positions">Position of each entry.</param>
    /// <param name="before">Entries at this position or later are exempt.</param>
    /// <returns>The slot, or −1 when all are exempt.</returns>
    public static int Find(ReadOnlySpan<float> scores, ReadOnlySpan<int> positions, int before)
    {
        float least = Least(scores, positions, before);
        int lightest = -1, whole = scores.Length - scores.Length % Vector<float>.Count;
        for (int slot = 0; slot < scores.Length; slot++)
        {
            // Few vectors hold the least score: the others are passed over whole.
            if (slot < whole && slot % Vector<float>.Count == 0 && !Vector.EqualsAny(new Vector<float>(scores[slot..]), new Vector<float>(least)))
            {
                slot += Vector<float>.Count - 1;
                continue;
            }

            if (scores[slot] == least && positions[slot] < before && (lightest < 0 || positions[slot] > positions[lightest]))
                lightest = slot;
        }

        return lightest;
    }

    private static float Least(ReadOnlySpan<float> scores, ReadOnlySpan<int> positions, int before)
    {
        Vector<float> infinity = new(float.PositiveInfinity), low = infinity;
        Vector<int> limit = new(before);
        ReadOnlySpan<Vector<float>> wholeScores = MemoryMarshal.Cast<float, Vector<float>>(scores);
        ReadOnlySpan<Vector<int>> wholePositions = MemoryMarshal.Cast<int, Vector<int>>(positions);
        for (int i = 0; i < wholeScores.Length; i++)
            low = Vector.Min(low, Vector.ConditionalSelect(Vector.LessThan(wholePositions[i], limit), wholeScores[i], infinity));
        float least = float.PositiveInfinity;
        for (int i = 0; i < Vector<float>.Count; i++)
            least = MathF.Min(least, low[i]);
        for (int slot = wholeScores.Length * Vector<float>.Count; slot < scores.Length; slot++)
        {
            if (positions[slot] < before)
                least = MathF.Min(least, scores[slot]);
        }

        return least;
    }
}
