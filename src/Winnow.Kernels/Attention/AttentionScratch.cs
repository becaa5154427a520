using System.Runtime.Intrinsics;
using Winnow.Kernels.Assembled;
using Winnow.Kernels.Memory;
using Winnow.Kernels.Simd;

namespace Winnow.Kernels.Attention;

/// <summary>Working memory of one worker: a tile of queries, its scores and outputs, and one page as floats.</summary>
internal sealed unsafe class AttentionScratch : IDisposable
{
    /// <summary>Rows from which rounding a page to integers costs less than it saves.</summary>
    private const int WordRowsFrom = 24;

    private readonly NativeBuffer<float> _memory = new();
    private readonly NativeBuffer<short> _words = new();
    private readonly NativeBuffer<float> _scales = new();
    private bool _integers;
    private int _rowsOfTile;
    private int _width;

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

    /// <summary>[channels or entries of a page + 2, 16]: a strip of a page on its way to 16-bit integers.</summary>
    public float* Strip { get; private set; }

    /// <summary>The queries as 16-bit integers; of no rows where products run on floats.</summary>
    public WordRows QueryWords { get; private set; }

    /// <summary>Whether 512-bit products with pages of halves are the assembled ones.</summary>
    public bool UsesHalves { get; private set; }

    /// <summary>Whether products of this tile run on 16-bit integers.</summary>
    public bool UsesWords => QueryWords.Rows > 0;

    /// <summary>Makes room for tiles of <paramref name="rows"/> rows.</summary>
    /// <param name="format">Layout of the pages.</param>
    /// <param name="rows">Rows of the largest tile.</param>
    /// <param name="group">Query heads of a lane.</param>
    /// <param name="integers">Whether products may run on 16-bit integers.</param>
    /// <param name="halves">Whether products may read pages of halves as they are.</param>
    public void Ensure(PageFormat format, int rows, int group, bool integers, bool halves)
    {
        UsesHalves = halves && AssembledKernels.IsSupported;
        _integers = integers && AssembledKernels.IsSupported && format.HeadDim % Vector512<float>.Count == 0
            && format.Types.Keys != EntryType.F32 && format.Types.Values != EntryType.F32;
        int width = format.PaddedDim, most = Math.Max(width, PageFormat.Entries);
        int perRow = RoundUp(rows), perPage = PageFormat.Entries * width;
        _memory.EnsureLength((2 * rows * width) + (rows * PageFormat.Entries) + format.ScratchFloats + (2 * perRow) + (3 * group * PageFormat.Entries));
        Queries = _memory.Pointer;
        Outputs = Queries + rows * width;
        Scores = Outputs + rows * width;
        Page = Scores + rows * PageFormat.Entries;
        Biases = Page + format.ScratchFloats;
        Totals = Biases + group * PageFormat.Entries;
        Maxima = Totals + 2 * group * PageFormat.Entries;
        Sums = Maxima + perRow;
        _words.EnsureLength((rows * width) + (rows * PageFormat.Entries) + perPage);
        _scales.EnsureLength((2 * perRow) + most + (most + 2) * Vector512<float>.Count);
        (_rowsOfTile, _width) = (perRow, width);
        Strip = _scales.Pointer + (2 * perRow) + most;
    }

    /// <summary>Room for a page as 16-bit integers.</summary>
    public WordColumns PageWords(int columns) => new(_words.Pointer, _scales.Pointer + 2 * _rowsOfTile, columns);

    /// <summary>Room for the probabilities of a tile as 16-bit integers.</summary>
    public WordRows ProbabilityWords(int rows) =>
        new(_words.Pointer + PageFormat.Entries * _width, _scales.Pointer + _rowsOfTile, rows, PageFormat.Entries);

    /// <summary>Rounds the queries of a tile where products on 16-bit integers serve it, and notes whether they do.</summary>
    public void RoundQueries<TVector>(PageFormat format, int rows)
        where TVector : unmanaged, IFloatVector<TVector>
    {
        if (!_integers || TVector.Count != Vector512<float>.Count || rows < WordRowsFrom)
        {
            QueryWords = default;
            return;
        }
        short* words = _words.Pointer + PageFormat.Entries * (_width + rows);
        QueryWords = new WordRows(words, _scales.Pointer, rows, format.HeadDim);
        WordConversion.Rows(Queries, format.HeadDim, WordConversion.ScoreLimit(format.HeadDim), QueryWords);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _memory.Dispose();
        _words.Dispose();
        _scales.Dispose();
    }

    private static int RoundUp(int count) => (count + 15) / 16 * 16;
}
