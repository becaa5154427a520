using Winnow.Caching.Storage;

namespace Winnow.Caching.Policies;

/// <summary>
/// Lets the lanes of a layer compete for one common budget, so that a head whose attention is spread keeps more entries than one that looks at a few; a share
/// of the budget is safe for each lane. Feng et al. 2024, "Ada-KV: Optimizing KV Cache Eviction by Adaptive Budget Allocation", arXiv 2407.11550.
/// </summary>
/// <param name="floor">Share of a lane's budget that no other lane can take, 0 to 1.</param>
internal sealed class AdaKv(double floor) : EntrySelection
{
    /// <summary>The wrapper in the catalogue.</summary>
    public static PolicyWrapper Wrapper { get; } = new()
    {
        Name = "adakv",
        Summary = "the lanes of a layer compete for its budget",
        Paper = "Feng et al. 2024, arXiv 2407.11550",
        Options = [new PolicyOption("floor", "0.2", "share of a lane's budget that is its own whatever the other lanes score")],
        Wrap = (arguments, inner) => new WrappedPolicy(inner, selection: new AdaKv(arguments.Number("floor", 0.2, 0, 1))),
    };

    internal override void Compress(LayerCache layer, EntryScorer scorer, int budget, SelectionBuffers buffers)
    {
        long total = 0;
        for (int head = 0; head < layer.KvHeads; head++)
            total += layer[head].Length;
        if (total <= (long)budget * layer.KvHeads)
            return;
        int kept = budget * layer.KvHeads;
        Span<float> scores = buffers.Scores(checked((int)total));
        for (int head = 0, start = 0; head < layer.KvHeads; start += layer[head++].Length)
        {
            Span<float> own = scores.Slice(start, layer[head].Length);
            scorer.Score(layer, head, budget, own);
            Protect(own, Math.Min(own.Length, (int)(floor * budget)), buffers);
        }

        Span<int> slots = buffers.Slots(kept);
        TopEntries.Select(scores, kept, slots, buffers.Keys(scores.Length));
        Keep(layer, slots);
    }

    private static void Protect(Span<float> scores, int safe, SelectionBuffers buffers)
    {
        Span<int> best = buffers.Slots(safe);
        TopEntries.Select(scores, safe, best, buffers.Keys(scores.Length));
        foreach (int slot in best)
            scores[slot] = float.PositiveInfinity;
    }

    private static void Keep(LayerCache layer, Span<int> slots)
    {
        for (int head = 0, start = 0; head < layer.KvHeads; head++)
        {
            Lane lane = layer[head];
            int end = start + lane.Length, count = 0;
            while (count < slots.Length && slots[count] < end)
                slots[count++] -= start;
            lane.Keep(slots[..count]);
            slots = slots[count..];
            start = end;
        }
    }
}
