using Winnow.Kernels.Memory;

namespace Winnow.Kernels.Attention;

/// <summary>Working memory of one worker: a tile of queries, its scores and outputs, and one page as floats.</summary>
internal sealed unsafe class AttentionScratch : IDisposable
{
    private readonly NativeBuffer<float> _memory = new();

    /// <summary>[rows, headDim].</summary>
    public float* Queries { get; private set; }

    /// <summary>[rows, 64].</summary>
    public float* Scores { get; private set; }

    /// <summary>One page of keys or values, with its scales.</summary>
    public float* Page { get; private set; }

    /// <summary>[rows, padded headDim].</summary>
    public float* Outputs { get; private set; }

    /// <summary>[rows].</summary>
    public float* Maxima { get; private set; }

    /// <summary>[rows].</summary>
    public float* Sums { get; private set; }

    /// <summary>[group, 64].</summary>
    public float* Biases { get; private set; }

    /// <summary>[2 × group, 64]: what an observer gathers of a page.</summary>
    public float* Totals { get; private set; }

    /// <summary>Makes room for tiles of <paramref name="rows"/> rows.</summary>
    public void Ensure(PageFormat format, int rows, int group)
    {
        int width = format.PaddedDim;
        int perRow = RoundUp(rows);
        _memory.EnsureLength((2 * rows * width) + (rows * PageFormat.Entries) + format.ScratchFloats + (2 * perRow) + (3 * group * PageFormat.Entries));
        Queries = _memory.Pointer;
        Outputs = Queries + rows * width;
        Scores = Outputs + rows * width;
        Page = Scores + rows * PageFormat.Entries;
        Biases = Page + format.ScratchFloats;
        Totals = Biases + group * PageFormat.Entries;
        Maxima = Totals + 2 * group * PageFormat.Entries;
        Sums = Maxima + perRow;
    }

    /// <inheritdoc/>
    public void Dispose() => _memory.Dispose();

    private static int RoundUp(int count) => (count + 15) / 16 * 16;
}
