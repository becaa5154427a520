namespace Winnow.Kernels.Attention;

/// <summary>Logits that an attention pass leaves to its observers: [runs × pages of a run][tokens × group][64].</summary>
/// <param name="memory">Where they lie; null where none are kept.</param>
/// <param name="runsBefore">[lanes + 1]: runs of all lanes before each.</param>
/// <param name="pagesPerRun">Pages of a run.</param>
/// <param name="rows">Rows of a sequence: tokens × group.</param>
internal readonly unsafe struct KeptLogits(float* memory, int* runsBefore, int pagesPerRun, int rows)
{
    /// <summary>Whether there are any.</summary>
    public bool Any => memory != null;

    /// <summary>Where the logits of a page begin, from a row on.</summary>
    /// <param name="lane">Index among the lanes of all sequences.</param>
    /// <param name="page">Page of the lane.</param>
    /// <param name="row">Row of the sequence.</param>
    public float* Of(int lane, int page, int row) => memory + (((long)runsBefore[lane] * pagesPerRun + page) * rows + row) * PageFormat.Entries;

    /// <summary>Whether a lane of so many pages took part.</summary>
    public bool Covers(int lane, int pages) => pages <= (long)(runsBefore[lane + 1] - runsBefore[lane]) * pagesPerRun;

    /// <summary>Keeps one tile's logits of a page.</summary>
    /// <param name="lane">Index among the lanes of all sequences.</param>
    /// <param name="page">Page of the lane.</param>
    /// <param name="firstRow">First row of the tile.</param>
    /// <param name="scores">[rows of the tile, 64].</param>
    /// <param name="hidden">The tile's first rows, which see nothing of the page.</param>
    /// <param name="count">Rows of the tile.</param>
    public void Keep(int lane, int page, int firstRow, float* scores, int hidden, int count)
    {
        float* to = Of(lane, page, firstRow);
        new Span<float>(to, hidden * PageFormat.Entries).Fill(float.NegativeInfinity);
        int at = hidden * PageFormat.Entries, visible = (count - hidden) * PageFormat.Entries;
        new ReadOnlySpan<float>(scores + at, visible).CopyTo(new Span<float>(to + at, visible));
    }
}
