using System.Numerics.Tensors;
using Winnow.Caching.Storage;
using Winnow.Tokenization;

namespace Winnow.Caching.Policies;

/// <summary>
/// Applies the rules of <see cref="FastGen"/> to a lane. Needs the attention sums of each query head over all queries and over near ones: then the mass that a
/// rule keeps is a sum over columns, and no attention matrix is needed.
/// </summary>
/// <param name="sizes">Sizes of the rules.</param>
internal sealed class RuleProfiler(RuleSizes sizes)
{
    private readonly SelectionBuffers _buffers = new();

    /// <summary>Coverage and cost of every rule for a lane whose prompt has been read.</summary>
    /// <param name="layer">The layer.</param>
    /// <param name="lane">One of its lanes.</param>
    /// <param name="mean">Whether coverage is the mean over the group's query heads instead of the least.</param>
    public RuleProfile Profile(LayerCache layer, Lane lane, bool mean)
    {
        RuleProfile profile = new();
        for (KeepRule rule = KeepRule.Special; rule < KeepRule.Full; rule++)
        {
            ReadOnlySpan<int> slots = Select(layer, lane, rule);
            profile.Set(rule, Coverage(lane, slots, layer.Shape.GroupSize, rule == KeepRule.Local, mean), slots.Length);
        }

        profile.Set(KeepRule.Full, 1, lane.Length);
        return profile;
    }

    /// <summary>Slots that a rule keeps of a lane whose prompt has been read, ascending; valid until the next call.</summary>
    public ReadOnlySpan<int> Select(LayerCache layer, Lane lane, KeepRule rule)
    {
        int length = lane.Length, always = 0, oldestLocal = rule == KeepRule.Local ? layer.Position - sizes.Window : int.MaxValue;
        Span<float> scores = _buffers.Scores(length);
        SumHeads(lane, layer.Shape.GroupSize, layer.Position, 0, scores);
        Span<int> slots = _buffers.Slots(length);
        for (int slot = 0; slot < length; slot++)
        {
            if (!Stays(lane, slot, rule) && lane.Positions[slot] < oldestLocal)
                continue;
            scores[slot] = float.PositiveInfinity;
            slots[always++] = slot;
        }

        if (rule < KeepRule.Frequent)
            return slots[..always];
        int kept = Math.Min(length, always + sizes.FrequentAt(layer.Position));
        TopEntries.Select(scores, kept, slots, _buffers.Keys(length));
        return slots[..kept];
    }

    /// <summary>Drops what a rule does not keep of a lane that has just taken a new token, which stays until it has attended.</summary>
    public void Filter(LayerCache layer, Lane lane, KeepRule rule)
    {
        if (rule < KeepRule.Frequent)
            DropPrevious(lane, layer.Position - 2, layer.PromptLength, rule);
        else if (rule < KeepRule.Full)
            DropLightest(layer, lane, layer.Position - 1 - (rule == KeepRule.Local ? sizes.Window : 0));
    }

    private void DropPrevious(Lane lane, int previous, int promptLength, KeepRule rule)
    {
        int slot = previous < promptLength ? -1 : lane.Positions.IndexOf(previous);
        if (slot >= 0 && !Stays(lane, slot, rule))
            lane.Remove(slot);
    }

    private void DropLightest(LayerCache layer, Lane lane, int exemptFrom)
    {
        int seen = layer.Position - 1, budget = sizes.FrequentAt(seen);
        while (CountCompeting(lane, layer.Shape.GroupSize, seen, exemptFrom, out int lightest) > budget)
            lane.Remove(lightest);
    }

    /// <summary>Counts the entries that compete for the frequent places and finds the one that leaves next.</summary>
    private int CountCompeting(Lane lane, int group, int seen, int exemptFrom, out int lightest)
    {
        // Scores in pieces on the stack: lanes grow while generating, and a step must not allocate.
        Span<float> piece = stackalloc float[256];
        ReadOnlySpan<int> positions = lane.Positions;
        float least = 0;
        int competing = 0;
        lightest = -1;
        for (int start = 0; start < positions.Length; start += piece.Length)
        {
            Span<float> scores = piece[..Math.Min(piece.Length, positions.Length - start)];
            SumHeads(lane, group, seen, start, scores);
            for (int i = 0; i < scores.Length; i++)
            {
                int slot = start + i;
                if (positions[slot] >= exemptFrom || Stays(lane, slot, KeepRule.Frequent))
                    continue;
                competing++;
                // Among equals the later position leaves, as in a selection.
                if (lightest < 0 || scores[i] < least || (scores[i] == least && positions[slot] > positions[lightest]))
                    (lightest, least) = (slot, scores[i]);
            }
        }

        return competing;
    }

    private bool Stays(Lane lane, int slot, KeepRule rule)
    {
        TokenKinds kinds = (TokenKinds)lane.Flags[slot];
        return (kinds & TokenKinds.Special) != 0 || lane.Positions[slot] < sizes.Global
            || (rule >= KeepRule.Punctuation && (kinds & TokenKinds.Punctuation) != 0);
    }

    /// <summary>What entries compete by: attention summed over the group, by choice divided by the queries that could see the entry.</summary>
    /// <param name="lane">The lane.</param>
    /// <param name="group">Query heads of the lane.</param>
    /// <param name="seen">Queries of the text so far.</param>
    /// <param name="start">First slot.</param>
    /// <param name="scores">[slots from the first on].</param>
    private void SumHeads(Lane lane, int group, int seen, int start, Span<float> scores)
    {
        lane.ScoresOf(0).Slice(start, scores.Length).CopyTo(scores);
        for (int head = 1; head < group; head++)
            TensorPrimitives.Add(scores, lane.ScoresOf(head).Slice(start, scores.Length), scores);
        for (int i = 0; sizes.MeanOverVisible && i < scores.Length; i++)
            scores[i] /= Math.Max(1, seen - lane.Positions[start + i]);
    }

    private static double Coverage(Lane lane, ReadOnlySpan<int> slots, int group, bool local, bool mean)
    {
        double least = 1, sum = 0;
        for (int head = 0; head < group; head++)
        {
            ReadOnlySpan<float> all = lane.ScoresOf(head), near = local ? lane.ScoresOf(group + head) : [];
            // Every row adds 1 to the columns, so their total is the number of rows; taking it from the columns leaves out rounding.
            double total = Total(all), kept = Total(near);
            foreach (int slot in slots)
                kept += all[slot] - (local ? (double)near[slot] : 0);
            double coverage = total > 0 ? kept / total : 0;
            least = Math.Min(least, coverage);
            sum += coverage;
        }

        return mean ? sum / group : least;
    }

    private static double Total(ReadOnlySpan<float> values)
    {
        double total = 0;
        foreach (float value in values)
            total += value;
        return total;
    }
}

/// <summary>Sizes of the rules of <see cref="FastGen"/>, fixed when a prompt has been read.</summary>
/// <param name="Frequent">Share of the text so far that frequent tokens may take.</param>
/// <param name="Window">Newest tokens of the local rule.</param>
/// <param name="Global">First tokens that count as special.</param>
/// <param name="MeanOverVisible">Whether the attention of an entry is divided by the queries that could see it.</param>
internal readonly record struct RuleSizes(double Frequent, int Window, int Global, bool MeanOverVisible)
{
    /// <summary>Frequent tokens of a text of so many tokens; a hair is taken off so that 0.1 of 30, say, is 3 in spite of binary fractions.</summary>
    public int FrequentAt(int tokens) => (int)Math.Ceiling(Frequent * tokens - 1e-9);
}
