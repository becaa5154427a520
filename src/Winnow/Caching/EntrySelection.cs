using Winnow.Caching.Storage;

namespace Winnow.Caching;

/// <summary>Chooses which entries of a layer stay, given their scores.</summary>
public abstract class EntrySelection
{
    /// <summary>The best of each lane, as many in one as in the other.</summary>
    public static EntrySelection BestOfLane { get; } = new BestOfLaneSelection();

    /// <summary>Drops entries of a layer until its lanes keep <paramref name="budget"/> each, or on average.</summary>
    /// <param name="layer">The layer.</param>
    /// <param name="scorer">Scores the entries of its lanes.</param>
    /// <param name="budget">Entries for each lane.</param>
    /// <param name="buffers">Working memory.</param>
    internal abstract void Compress(LayerCache layer, EntryScorer scorer, int budget, SelectionBuffers buffers);

    private sealed class BestOfLaneSelection : EntrySelection
    {
        internal override void Compress(LayerCache layer, EntryScorer scorer, int budget, SelectionBuffers buffers)
        {
            for (int head = 0; head < layer.KvHeads; head++)
            {
                Lane lane = layer[head];
                if (lane.Length <= budget)
                    continue;
                Span<float> scores = buffers.Scores(lane.Length);
                scorer.Score(layer, head, budget, scores);
                Span<int> slots = buffers.Slots(budget);
                TopEntries.Select(scores, budget, slots, buffers.Keys(lane.Length));
                lane.Keep(slots);
            }
        }
    }
}
