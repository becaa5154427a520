using System.Runtime.CompilerServices;
using Winnow.Kernels.Assembled;
using Winnow.Kernels.Simd;

namespace Winnow.Kernels.Attention;

/// <summary>Tile products against the keys or values of a page in whatever form they are stored, and the conversion of a page to floats.</summary>
internal static unsafe class PageProducts
{
    /// <summary>Rows from which it pays to convert a page to floats once instead of once for every four rows.</summary>
    private const int ConvertFrom = 9;

    /// <summary>scores[r, e] = q[r]·k[e] for all 64 slots of a page, for rows of a tile of queries.</summary>
    /// <param name="format">Layout of the page.</param>
    /// <param name="page">The page.</param>
    /// <param name="ahead">Bytes from this page to the one that will be read next; 0 for none.</param>
    /// <param name="own">Queries, already scaled; receives the scores.</param>
    /// <param name="firstRow">The tile's first row to compute.</param>
    /// <param name="rows">Rows from there on, to the end of the tile.</param>
    public static void Scores<TVector>(PageFormat format, KvPage page, nint ahead, AttentionScratch own, int firstRow, int rows)
        where TVector : unmanaged, IFloatVector<TVector>
    {
        float* queries = own.Queries + firstRow * format.HeadDim, scores = own.Scores + firstRow * PageFormat.Entries, scales = ScalesIn(format, own.Page);
        if (own.UsesWords)
        {
            WordColumns keys = own.PageWords(PageFormat.Entries);
            PageLoaders.WithKeys<FloatVector512, WordColumnConversion>(
                format, page, scales, new(format.HeadDim, WordConversion.ScoreLimit(format.HeadDim), own.Strip, keys));
            WordProduct.Multiply(own.QueryWords.From(firstRow), keys, format.HeadDim, scores, accumulate: false);
            return;
        }

        if (format.Types.Keys == EntryType.F16 && ServesHalves<TVector>(own))
        {
            HalfTile.Multiply(queries, format.HeadDim, (ushort*)page.Keys, ahead, rows, format.HeadDim, PageFormat.Entries, scores, accumulate: false);
            return;
        }

        if (rows >= ConvertFrom && format.Types.Keys != EntryType.F32)
        {
            KeysToFloat<TVector>(format, page, own.Page);
            Scores<TVector>(format, own.Page, queries, rows, scores);
            return;
        }

        PageLoaders.WithKeys<TVector, Product<TVector>>(format, page, scales, ScoresOf<TVector>(format, queries, rows, scores));
    }

    /// <summary>scores[r, e] = q[r]·k[e] with keys already converted: [headDim, 64].</summary>
    public static void Scores<TVector>(PageFormat format, float* keys, float* queries, int rows, float* scores)
        where TVector : unmanaged, IFloatVector<TVector> =>
        ScoresOf<TVector>(format, queries, rows, scores).Run(new FloatLoader<TVector>(keys, PageFormat.Entries));

    /// <summary>output[r] += Σ over the first <paramref name="entries"/> slots of p[r, e]·v[e], for rows of a tile.</summary>
    /// <param name="format">Layout of the page.</param>
    /// <param name="page">The page.</param>
    /// <param name="ahead">Bytes from this page to the one that will be read next; 0 for none.</param>
    /// <param name="own">Probabilities in the place of scores; receives the outputs.</param>
    /// <param name="firstRow">The tile's first row to compute.</param>
    /// <param name="rows">Rows from there on.</param>
    /// <param name="entries">Live slots.</param>
    public static void Outputs<TVector>(PageFormat format, KvPage page, nint ahead, AttentionScratch own, int firstRow, int rows, int entries)
        where TVector : unmanaged, IFloatVector<TVector>
    {
        float* probabilities = own.Scores + firstRow * PageFormat.Entries, output = own.Outputs + firstRow * format.PaddedDim;
        float* scales = ScalesIn(format, own.Page);
        if (own.UsesWords)
        {
            // Each row has the scale of its largest probability in this page: the many small ones beside an attention sink must not vanish.
            WordRows rounded = own.ProbabilityWords(rows);
            WordConversion.Rows(probabilities, PageFormat.Entries, WordConversion.ProbabilityLimit, rounded);
            WordColumns values = own.PageWords(format.PaddedDim);
            PageLoaders.WithValues<FloatVector512, WordColumnConversion>(
                format, page, entries, scales, new(entries, WordConversion.ValueLimit, own.Strip, values));
            WordProduct.Multiply(rounded, values, (entries + 1) / 2 * 2, output, accumulate: true);
            return;
        }

        if (format.Types.Values == EntryType.F16 && ServesHalves<TVector>(own))
        {
            var values = (ushort*)(page.Pointer + format.ValueOffset);
            HalfTile.Multiply(probabilities, PageFormat.Entries, values, ahead, rows, entries, format.PaddedDim, output, accumulate: true);
            return;
        }

        Product<TVector> product = new(probabilities, PageFormat.Entries, rows, entries, format.PaddedDim, output, accumulate: true);
        if (rows >= ConvertFrom && format.Types.Values != EntryType.F32)
        {
            PageLoaders.WithValues<TVector, Conversion<TVector>>(format, page, entries, scales, new(entries, format.PaddedDim, own.Page));
            product.Run(new FloatLoader<TVector>(own.Page, format.PaddedDim));
            return;
        }

        PageLoaders.WithValues<TVector, Product<TVector>>(format, page, entries, scales, product);
    }

    /// <summary>Converts the keys of a page to floats, [headDim, 64], in a room for <see cref="PageFormat.ScratchFloats"/>.</summary>
    public static void KeysToFloat<TVector>(PageFormat format, KvPage page, float* scratch)
        where TVector : unmanaged, IFloatVector<TVector> =>
        PageLoaders.WithKeys<TVector, Conversion<TVector>>(format, page, ScalesIn(format, scratch), new(format.HeadDim, PageFormat.Entries, scratch));

    /// <summary>Whether the assembled product takes pages of halves: it is one of 512 bits, so narrower passes go their own way.</summary>
    private static bool ServesHalves<TVector>(AttentionScratch own)
        where TVector : unmanaged, IFloatVector<TVector> => TVector.Count == 16 && own.UsesHalves;

    private static float* ScalesIn(PageFormat format, float* scratch) => scratch + format.PaddedDim * PageFormat.Entries;

    private static Product<TVector> ScoresOf<TVector>(PageFormat format, float* queries, int rows, float* scores)
        where TVector : unmanaged, IFloatVector<TVector> =>
        new(queries, format.HeadDim, rows, format.HeadDim, PageFormat.Entries, scores, accumulate: false);

    /// <summary>Multiplies a dense matrix, [rows, depth], by the stored one, [depth, columns].</summary>
    private readonly struct Product<TVector>(float* left, int stride, int rows, int depth, int columns, float* result, bool accumulate) : ITileConsumer<TVector>
        where TVector : unmanaged, IFloatVector<TVector>
    {
        public void Run<TLoader>(TLoader loader)
            where TLoader : struct, ITileLoader<TVector> =>
            TileProduct.Multiply<TVector, TLoader>(left, stride, loader, rows, depth, columns, result, columns, accumulate);
    }

    /// <summary>Writes the stored matrix as floats.</summary>
    private readonly struct Conversion<TVector>(int rows, int columns, float* destination) : ITileConsumer<TVector>
        where TVector : unmanaged, IFloatVector<TVector>
    {
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public void Run<TLoader>(TLoader loader)
            where TLoader : struct, ITileLoader<TVector>
        {
            for (int row = 0; row < rows; row++)
            {
                for (int column = 0; column < columns; column += TVector.Count)
                    TVector.Store(loader.Load(row, column), destination + row * columns + column);
            }
        }
    }

    /// <summary>Rounds the stored matrix to 16-bit integers.</summary>
    private readonly struct WordColumnConversion(int rows, int limit, float* strip, WordColumns target) : ITileConsumer<FloatVector512>
    {
        public void Run<TLoader>(TLoader loader)
            where TLoader : struct, ITileLoader<FloatVector512> => WordConversion.Columns(loader, rows, limit, strip, target);
    }
}
