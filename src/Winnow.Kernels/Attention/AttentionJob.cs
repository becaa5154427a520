using Winnow.Kernels.Memory;
using Winnow.Kernels.Simd;
using Winnow.Kernels.Threading;

namespace Winnow.Kernels.Attention;

/// <summary>
/// The attention pass. A work item is (lane, tile of queries, run of pages); workers take items from a shared counter. How the pages are cut into
/// runs depends only on the request, so results do not change with the number of threads.
/// </summary>
internal readonly unsafe struct AttentionJob<TVector>(
    AttentionInputs inputs, PageFormat format, RankRotation? rotation, AttentionScratch[] scratch, int pagesPerRun, int* runsBefore, int* next, float* partials)
    : ITeamJob
    where TVector : unmanaged, IFloatVector<TVector>
{
    /// <summary>Floats of one row of a partial result: the padded output, the maximum and the sum.</summary>
    public static int PartialStride(PageFormat format) => format.PaddedDim + 2;

    public void Execute(int worker, int workers)
    {
        AttentionScratch own = scratch[worker];
        int items = runsBefore[inputs.LaneCount] * inputs.Tiles;
        for (int item = Interlocked.Increment(ref *next) - 1; item < items; item = Interlocked.Increment(ref *next) - 1)
        {
            int run = item / inputs.Tiles, tile = item % inputs.Tiles;
            int lane = 0;
            while (runsBefore[lane + 1] <= run)
                lane++;
            // Later tiles of a prompt see more pages; taking them first keeps the last item short.
            RunItem(own, lane, inputs.Tiles - 1 - tile, (run - runsBefore[lane]) * pagesPerRun, run);
        }
    }

    private void RunItem(AttentionScratch own, int lane, int tile, int firstPage, int run)
    {
        ScoreTile scores = new(inputs, format, rotation, lane, tile);
        int rows = scores.Rows;
        inputs.CopyQueries(rotation, lane, tile, own.Queries);
        new Span<float>(own.Outputs, rows * format.PaddedDim).Clear();
        new Span<float>(own.Maxima, rows).Fill(float.NegativeInfinity);
        new Span<float>(own.Sums, rows).Clear();
        LaneView view = inputs.Lanes[lane];
        int end = Math.Min(view.PageCount, firstPage + pagesPerRun);
        for (int page = firstPage; page < end; page++)
        {
            int first = scores.Compute<TVector>(page, own.Queries, own.Page, own.Biases, own.Scores);
            if (first == rows)
                continue;
            float* visible = own.Scores + first * PageFormat.Entries;
            float* output = own.Outputs + first * format.PaddedDim;
            OnlineSoftmax.Update<TVector>(visible, rows - first, own.Maxima + first, own.Sums + first, output, format.PaddedDim);
            PageProducts.Outputs<TVector>(format, view.Pages[page], visible, rows - first, view.EntriesOf(page), own.Page, output);
        }

        StorePartial(own, rows, partials + ((long)run * inputs.Tokens + tile * inputs.TokensPerTile) * inputs.Group * PartialStride(format));
    }

    private void StorePartial(AttentionScratch own, int rows, float* partial)
    {
        int width = format.PaddedDim;
        for (int row = 0; row < rows; row++, partial += PartialStride(format))
        {
            new ReadOnlySpan<float>(own.Outputs + row * width, width).CopyTo(new Span<float>(partial, width));
            partial[width] = own.Maxima[row];
            partial[width + 1] = own.Sums[row];
        }
    }
}
