using System.Numerics.Tensors;

namespace Winnow.Caching.Policies;

/// <summary>Counts the votes of <see cref="MorphKv"/>: probabilities over the candidates, joined over a group of query heads and over several tokens.</summary>
internal sealed class VoteCounter(MorphKv.GroupVote group, MorphKv.Fusion fusion)
{
    private readonly SelectionBuffers _buffers = new();

    /// <summary>The entry with the fewest votes; among equals the latest, so that the earlier stays.</summary>
    public static int Fewest(ReadOnlySpan<float> votes, ReadOnlySpan<int> positions)
    {
        int fewest = 0;
        for (int i = 1; i < votes.Length; i++)
        {
            if (votes[i] < votes[fewest] || (votes[i] == votes[fewest] && positions[i] > positions[fewest]))
                fewest = i;
        }

        return fewest;
    }

    /// <summary>Counts the votes of several tokens for the entries before a position.</summary>
    /// <param name="rows">[tokens, rows of a token, entries]: exponentials of logits, each row to its own scale.</param>
    /// <param name="rowsPerToken">Rows of a token.</param>
    /// <param name="positions">Position of each entry.</param>
    /// <param name="oldestProtected">Entries from this position on are no candidates.</param>
    /// <param name="votes">The votes for each entry; +∞ for those that are no candidates.</param>
    /// <returns>Candidates.</returns>
    public int Count(ReadOnlySpan<float> rows, int rowsPerToken, ReadOnlySpan<int> positions, int oldestProtected, Span<float> votes)
    {
        int length = positions.Length, candidates = 0;
        Span<int> slots = _buffers.Slots(length);
        for (int slot = 0; slot < length; slot++)
        {
            if (positions[slot] < oldestProtected)
                slots[candidates++] = slot;
        }

        slots = slots[..candidates];
        Span<float> sums = _buffers.Scores(length)[..candidates], gathered = _buffers.Rows((rowsPerToken + 2) * candidates);
        sums.Clear();
        for (int first = 0; first < rows.Length / length; first += rowsPerToken)
        {
            for (int row = 0; row < rowsPerToken; row++)
                Gather(rows.Slice((first + row) * length, length), slots, gathered.Slice((row + 2) * candidates, candidates));
            Add(gathered[(2 * candidates)..], rowsPerToken, candidates, sums, gathered[..(2 * candidates)]);
        }

        votes.Fill(float.PositiveInfinity);
        for (int i = 0; i < candidates; i++)
            votes[slots[i]] = sums[i];
        return candidates;
    }

    /// <summary>Adds the vote of one token.</summary>
    /// <param name="rows">[rows of a token, stride]: exponentials, of which the first of each row are the candidates'.</param>
    /// <param name="rowsPerToken">Rows of a token.</param>
    /// <param name="stride">Distance between rows.</param>
    /// <param name="votes">Votes for each candidate so far.</param>
    public void Add(ReadOnlySpan<float> rows, int rowsPerToken, int stride, Span<float> votes) =>
        Add(rows, rowsPerToken, stride, votes, _buffers.Rows(2 * votes.Length));

    private void Add(ReadOnlySpan<float> rows, int rowsPerToken, int stride, Span<float> votes, Span<float> scratch)
    {
        Span<float> joined = scratch[..votes.Length], scaled = scratch.Slice(votes.Length, votes.Length);
        for (int row = 0; row < rowsPerToken; row++)
        {
            ReadOnlySpan<float> exponentials = rows.Slice(row * stride, votes.Length);
            float sum = TensorPrimitives.Sum(exponentials), scale = sum > 0 ? 1 / sum : 0;
            TensorPrimitives.Multiply(exponentials, scale, row == 0 ? joined : scaled);
            if (row > 0 && group == MorphKv.GroupVote.MaxProb)
                TensorPrimitives.Max(joined, scaled, joined);
            else if (row > 0)
                TensorPrimitives.Add(joined, scaled, joined);
        }

        if (fusion == MorphKv.Fusion.Max)
            TensorPrimitives.Max(votes, joined, votes);
        else
            TensorPrimitives.Add(votes, joined, votes);
    }

    private static void Gather(ReadOnlySpan<float> row, ReadOnlySpan<int> slots, Span<float> gathered)
    {
        for (int i = 0; i < slots.Length; i++)
            gathered[i] = row[slots[i]];
    }
}
