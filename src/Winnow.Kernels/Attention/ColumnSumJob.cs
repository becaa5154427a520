using Winnow.Kernels.Simd;
using Winnow.Kernels.Threading;

namespace Winnow.Kernels.Attention;

/// <summary>
/// The observer's pass: with the log-sum-exp of every row known, the probabilities are computed page by page once more and summed over the queries, so no
/// attention matrix ever exists. A work item is a page of a lane, hence no two workers add to the same sum.
/// </summary>
internal readonly unsafe struct ColumnSumJob<TVector>(
    AttentionInputs inputs, PageFormat format, RankRotation? rotation, AttentionScratch[] scratch, float* logSumExp, int* pagesBefore, int* next, nint* sums)
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
        float* totals = own.Outputs;
        new Span<float>(totals, PageFormat.Entries).Clear();
        for (int tile = 0; tile < inputs.Tiles; tile++)
        {
            ScoreTile scores = new(inputs, format, rotation, lane, tile);
            inputs.CopyQueries(rotation, lane, tile, own.Queries);
            int first = scores.Compute<TVector>(page, own.Queries, own.Page, own.Biases, own.Scores);
            for (int row = first; row < scores.Rows; row++)
            {
                long token = (long)tile * inputs.TokensPerTile + row / inputs.Group;
                float reference = logSumExp[token * inputs.QueryHeads + (long)lane * inputs.Group + row % inputs.Group];
                float* score = own.Scores + row * PageFormat.Entries;
                OnlineSoftmax.Exponentials<TVector>(score, reference);
                for (int entry = 0; entry < PageFormat.Entries; entry += TVector.Count)
                    TVector.Store(TVector.Add(TVector.Load(totals + entry), TVector.Load(score + entry)), totals + entry);
            }
        }

        float* target = (float*)sums[lane] + page * PageFormat.Entries;
        for (int entry = 0; entry < inputs.Lanes[lane].EntriesOf(page); entry++)
            target[entry] += totals[entry];
    }
}
