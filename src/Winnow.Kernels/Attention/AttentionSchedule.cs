namespace Winnow.Kernels.Attention;

/// <summary>How the lanes of an attention pass are cut into runs of pages, and how far the workers have come.</summary>
/// <param name="lanes">Lanes of all sequences.</param>
/// <param name="pagesPerRun">Pages of a run.</param>
/// <param name="runsBefore">[lanes + 1]: runs of all lanes before each.</param>
/// <param name="next">The next work item to take.</param>
/// <param name="open">[lanes]: work items of each lane that are not finished.</param>
internal readonly unsafe struct AttentionSchedule(int lanes, int pagesPerRun, int* runsBefore, int* next, int* open)
{
    public int Lanes => lanes;

    public int PagesPerRun => pagesPerRun;

    public int* RunsBefore => runsBefore;

    /// <summary>Takes a work item; numbers past the last mean that none is left.</summary>
    public int Take() => Interlocked.Increment(ref *next) - 1;

    /// <summary>Counts an item as finished.</summary>
    /// <returns>Whether it was its lane's last.</returns>
    public bool Finish(int lane) => Interlocked.Decrement(ref open[lane]) == 0;
}
