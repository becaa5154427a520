using System.Numerics.Tensors;
using Winnow.Kernels.Simd;
using Winnow.Kernels.Threading;

namespace Winnow.Kernels.Attention;

/// <summary>
/// The attention pass. A work item is (lane, tile of queries, run of pages), over the lanes of all sequences; workers take items from a shared counter, and
/// whoever finishes the last item of a lane combines its runs. How the pages are cut into runs depends only on the lane, so results change neither with the
/// number of threads nor with the sequences beside.
/// </summary>
internal readonly unsafe struct AttentionJob<TVector>(
    AttentionInputs* sequences, PageFormat format, RankRotation? rotation, AttentionScratch[] scratch, AttentionSchedule schedule,
    KeptLogits kept, float* partials, float* output, float* logSumExp)
    : ITeamJob
    where TVector : unmanaged, IFloatVector<TVector>
{
    /// <summary>Floats of one row of a partial result: the padded output, the maximum and the sum.</summary>
    public static int PartialStride(PageFormat format) => format.PaddedDim + 2;

    public void Execute(int worker, int workers)
    {
        AttentionScratch own = scratch[worker];
        int tiles = sequences->Tiles, items = schedule.RunsBefore[schedule.Lanes] * tiles, lane = 0;
        for (int item = schedule.Take(), next; item < items; item = next)
        {
            // The item after this one is taken early: its first page is fetched while this one's last page is worked on.
            next = schedule.Take();
            int run = item / tiles, tile = item % tiles;
            lane = LaneOf(run, lane);
            AttentionInputs inputs = sequences[lane / sequences->LaneCount];
            // Later tiles of a prompt see more pages; taking them first keeps the last item short.
            RunItem(own, inputs, lane, tiles - 1 - tile, run, FirstPage(run, lane), next < items ? PageOf(next / tiles, lane) : null);
            if (schedule.Finish(lane))
                Combine(inputs, lane % inputs.LaneCount, schedule.RunsBefore[lane], schedule.RunsBefore[lane + 1]);
        }
    }

    /// <summary>Lane of a run, which is at or behind a lane that is known.</summary>
    private int LaneOf(int run, int from)
    {
        while (schedule.RunsBefore[from + 1] <= run)
            from++;
        return from;
    }

    private int FirstPage(int run, int lane) => (run - schedule.RunsBefore[lane]) * schedule.PagesPerRun;

    /// <summary>Where the first page of a run lies; null for the run of an empty lane.</summary>
    private byte* PageOf(int run, int from)
    {
        int lane = LaneOf(run, from);
        LaneView view = sequences->Lanes[lane];
        return view.Length == 0 ? null : view.Pages[FirstPage(run, lane)].Pointer;
    }

    private void RunItem(AttentionScratch own, in AttentionInputs inputs, int laneOfAll, int tile, int run, int firstPage, byte* afterwards)
    {
        int lane = laneOfAll % inputs.LaneCount, firstRow = tile * inputs.TokensPerTile * inputs.Group;
        ScoreTile scores = new(inputs, format, rotation, lane, tile);
        int rows = scores.Rows;
        scores.CopyQueries<TVector>(own);
        new Span<float>(own.Outputs, rows * format.PaddedDim).Clear();
        new Span<float>(own.Maxima, rows).Fill(float.NegativeInfinity);
        new Span<float>(own.Sums, rows).Clear();
        LaneView view = inputs.Lanes[lane];
        int end = Math.Min(view.PageCount, firstPage + schedule.PagesPerRun);
        for (int page = firstPage; page < end; page++)
        {
            byte* next = page + 1 < end ? view.Pages[page + 1].Pointer : afterwards;
            nint ahead = next == null ? 0 : (nint)(next - view.Pages[page].Pointer);
            int first = scores.Compute<TVector>(page, ahead, own);
            if (kept.Any)
                kept.Keep(laneOfAll, page, firstRow, own.Scores, first, rows);
            if (first == rows)
                continue;
            float* visible = own.Scores + first * PageFormat.Entries;
            float* target = own.Outputs + first * format.PaddedDim;
            OnlineSoftmax.Update<TVector>(visible, rows - first, own.Maxima + first, own.Sums + first, target, format.PaddedDim);
            PageProducts.Outputs<TVector>(format, view.Pages[page], ahead, own, first, rows - first, view.EntriesOf(page));
        }

        StorePartial(own, rows, partials + ((long)run * inputs.Tokens * inputs.Group + firstRow) * PartialStride(format));
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

    /// <summary>Joins the partial results of a lane, always in the order of its runs.</summary>
    private void Combine(in AttentionInputs inputs, int lane, int firstRun, int endRun)
    {
        int width = format.PaddedDim, dim = format.HeadDim, stride = PartialStride(format), rows = inputs.Tokens * inputs.Group;
        for (int row = 0; row < rows; row++)
        {
            float maximum = float.NegativeInfinity, sum = 0;
            for (int run = firstRun; run < endRun; run++)
                maximum = MathF.Max(maximum, partials[((long)run * rows + row) * stride + width]);
            long index = (long)(inputs.FirstRow + row / inputs.Group) * inputs.QueryHeads + (long)lane * inputs.Group + row % inputs.Group;
            Span<float> target = new(output + index * dim, dim);
            target.Clear();
            for (int run = firstRun; run < endRun && !float.IsNegativeInfinity(maximum); run++)
            {
                float* partial = partials + ((long)run * rows + row) * stride;
                float factor = MathF.Exp(partial[width] - maximum);
                sum += factor * partial[width + 1];
                TensorPrimitives.MultiplyAdd(new ReadOnlySpan<float>(partial, dim), factor, target, target);
            }

            if (sum > 0)
                TensorPrimitives.Multiply(target, 1 / sum, target);
            logSumExp[index] = maximum + MathF.Log(sum);
        }
    }
}
