using System.Runtime.CompilerServices;
using Winnow.Kernels.Simd;
using Winnow.Kernels.Threading;

namespace Winnow.Kernels.Attention;

/// <summary>
/// The observer's pass: with the log-sum-exp of every row known, the probabilities are computed page by page once more and reduced over the queries, so no
/// attention matrix of a prompt ever exists; of few queries the logits are still at hand. A work item is a page of a lane, hence no two workers add to the
/// same sum.
/// </summary>
internal readonly unsafe struct ColumnSumJob<TVector>(
    AttentionInputs inputs, PageFormat format, RankRotation? rotation, AttentionScratch[] scratch, ColumnObservation observation,
    KeptLogits kept, int firstLane, float* logSumExp, int* pagesBefore, int* next, nint* sums)
    : ITeamJob
    where TVector : unmanaged, IFloatVector<TVector>
{
    public void Execute(int worker, int workers)
    {
        AttentionScratch own = scratch[worker];
        int items = pagesBefore[inputs.LaneCount];
        for (int item = Interlocked.Increment(ref *next) - 1; item < items; item = Interlocked.Increment(ref *next) - 1)
        {
            int lane = 0;
            while (pagesBefore[lane + 1] <= item)
                lane++;
            SumPage(own, lane, item - pagesBefore[lane]);
        }
    }

    private void SumPage(AttentionScratch own, int lane, int page)
    {
        int channels = observation.Channels(inputs.Group);
        new Span<float>(own.Totals, channels * PageFormat.Entries).Clear();
        int* positions = inputs.Lanes[lane].Positions + page * PageFormat.Entries;
        int entries = inputs.Lanes[lane].EntriesOf(page);
        for (int tile = 0; tile < inputs.Tiles; tile++)
        {
            int rows = inputs.TokensOf(tile) * inputs.Group;
            for (int row = Scores(own, lane, page, tile, rows); row < rows; row++)
            {
                int token = tile * inputs.TokensPerTile + row / inputs.Group, head = row % inputs.Group;
                float reference = logSumExp[(long)token * inputs.QueryHeads + (long)lane * inputs.Group + head];
                if (float.IsNegativeInfinity(reference))
                    continue;
                float* probabilities = own.Scores + row * PageFormat.Entries;
                OnlineSoftmax.Exponentials<TVector>(probabilities, reference);
                float weight = observation.Decay == 1 ? 1 : MathF.Pow(observation.Decay, inputs.Tokens - 1 - token);
                int channel = observation.PerQueryHead ? head : 0;
                Reduce(own.Totals + channel * PageFormat.Entries, probabilities, weight);
                if (observation.LocalWindow <= 0)
                    continue;
                KeepLocal(probabilities, positions, entries, inputs.FirstPosition + token - observation.LocalWindow);
                Reduce(own.Totals + (channel + observation.Heads(inputs.Group)) * PageFormat.Entries, probabilities, weight);
            }
        }

        for (int channel = 0; channel < channels; channel++)
            Store(own.Totals + channel * PageFormat.Entries, (float*)sums[lane * channels + channel] + page * PageFormat.Entries, entries);
    }

    /// <summary>Brings a tile's logits of a page to <see cref="AttentionScratch.Scores"/>.</summary>
    /// <returns>The first row that sees anything.</returns>
    private int Scores(AttentionScratch own, int lane, int page, int tile, int rows)
    {
        if (kept.Any)
        {
            int count = rows * PageFormat.Entries;
            float* logits = kept.Of(firstLane + lane, page, tile * inputs.TokensPerTile * inputs.Group);
            new ReadOnlySpan<float>(logits, count).CopyTo(new Span<float>(own.Scores, count));
            return 0;
        }

        ScoreTile scores = new(inputs, format, rotation, lane, tile);
        scores.CopyQueries<TVector>(own);
        return scores.Compute<TVector>(page, ahead: 0, own);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Reduce(float* totals, float* probabilities, float weight)
    {
        TVector factor = TVector.Splat(weight);
        for (int entry = 0; entry < PageFormat.Entries; entry += TVector.Count)
        {
            TVector total = TVector.Load(totals + entry), probability = TVector.Load(probabilities + entry);
            TVector.Store(observation.Maximum ? TVector.Max(total, probability) : TVector.MultiplyAdd(probability, factor, total), totals + entry);
        }
    }

    /// <summary>Clears the probabilities of entries at or before a position.</summary>
    private static void KeepLocal(float* probabilities, int* positions, int entries, int below)
    {
        for (int entry = 0; entry < entries; entry++)
        {
            if (positions[entry] <= below)
                probabilities[entry] = 0;
        }
    }

    private void Store(float* totals, float* target, int entries)
    {
        for (int entry = 0; entry < entries; entry++)
            target[entry] = observation.Maximum ? MathF.Max(target[entry], totals[entry]) : target[entry] + totals[entry];
    }
}
