using Winnow.Caching.Storage;

namespace Winnow.Caching.Policies;

/// <summary>
/// Selects within consecutive chunks of the text, each keeping the same share, so that no part of a document is lost as a whole. Entries that must stay are kept
/// first; the chunks share what remains in proportion to their candidates.
/// </summary>
/// <param name="size">Entries of a chunk.</param>
internal sealed class ChunkedSelection(int size) : EntrySelection
{
    /// <summary>The wrapper in the catalogue.</summary>
    public static PolicyWrapper Wrapper { get; } = new()
    {
        Name = "chunk",
        Summary = "every chunk of the text keeps the same share",
        Paper = "a common baseline",
        Options = [new PolicyOption("size", "512", "tokens of a chunk")],
        Wrap = (arguments, inner) => new WrappedPolicy(inner, selection: new ChunkedSelection(arguments.Integer("size", 512, 1))),
    };

    internal override void Compress(LayerCache layer, EntryScorer scorer, int budget, SelectionBuffers buffers)
    {
        for (int head = 0; head < layer.KvHeads; head++)
        {
            Lane lane = layer[head];
            if (lane.Length <= budget)
                continue;
            Span<float> scores = buffers.Scores(lane.Length);
            scorer.Score(layer, head, budget, scores);
            lane.Keep(Select(scores, budget, buffers));
        }
    }

    private Span<int> Select(ReadOnlySpan<float> scores, int budget, SelectionBuffers buffers)
    {
        int must = Math.Min(budget, scores.Count(float.PositiveInfinity));
        int candidates = Math.Max(1, scores.Length - must), free = budget - must, before = 0, kept = 0;
        Span<int> slots = buffers.Slots(budget);
        for (int start = 0; start < scores.Length; start += size)
        {
            ReadOnlySpan<float> chunk = scores[start..Math.Min(scores.Length, start + size)];
            int own = Math.Min(chunk.Count(float.PositiveInfinity), budget - kept), after = before + chunk.Length - own;
            // Cumulative shares, so that rounding loses nothing.
            int count = own + (int)((long)free * after / candidates) - (int)((long)free * before / candidates);
            Span<int> best = slots.Slice(kept, count);
            TopEntries.Select(chunk, count, best, buffers.Keys(chunk.Length));
            foreach (ref int slot in best)
                slot += start;
            (kept, before) = (kept + count, after);
        }

        return slots[..kept];
    }
}
