using System.Runtime.CompilerServices;
using Winnow.Kernels.Assembled;
using Winnow.Kernels.Simd;

namespace Winnow.Kernels.Attention;

/// <summary>Tile products against the keys or values of a page in whatever form they are stored, and the conversion of a page to floats.</summary>
internal static unsafe class PageProducts
{
    /// <summary>Rows from which it pays to convert a page to floats once instead of once for every four rows.</summary>
    private const int ConvertFrom = 9;

    /// <summary>scores[r, e] = q[r]·k[e] for all 64 slots of a page.</summary>
    /// <param name="format">Layout of the page.</param>
    /// <param name="page">The page.</param>
    /// <param name="ahead">Bytes from this page to the one that will be read next; 0 for none.</param>
    /// <param name="queries">[rows, headDim], already scaled.</param>
    /// <param name="rows">Query rows.</param>
    /// <param name="scratch">Room for <see cref="PageFormat.ScratchFloats"/>.</param>
    /// <param name="scores">[rows, 64].</param>
    public static void Scores<TVector>(PageFormat format, KvPage page, nint ahead, float* queries, int rows, float* scratch, float* scores)
        where TVector : unmanaged, IFloatVector<TVector>
    {
        if (format.Types.Keys == EntryType.F16 && ServesHalves<TVector>())
        {
            HalfTile.Multiply(queries, format.HeadDim, (ushort*)page.Keys, ahead, rows, format.HeadDim, PageFormat.Entries, scores, accumulate: false);
            return;
        }

        if (rows >= ConvertFrom && format.Types.Keys != EntryType.F32)
        {
            KeysToFloat<TVector>(format, page, scratch);
            Scores<TVector>(format, scratch, queries, rows, scores);
            return;
        }

        PageLoaders.WithKeys<TVector, Product<TVector>>(format, page, ScalesIn(format, scratch), ScoresOf<TVector>(format, queries, rows, scores));
    }

    /// <summary>scores[r, e] = q[r]·k[e] with keys already converted: [headDim, 64].</summary>
    public static void Scores<TVector>(PageFormat format, float* keys, float* queries, int rows, float* scores)
        where TVector : unmanaged, IFloatVector<TVector> =>
        ScoresOf<TVector>(format, queries, rows, scores).Run(new FloatLoader<TVector>(keys, PageFormat.Entries));

    /// <summary>output[r] += Σ over the first <paramref name="entries"/> slots of p[r, e]·v[e].</summary>
    /// <param name="format">Layout of the page.</param>
    /// <param name="page">The page.</param>
    /// <param name="ahead">Bytes from this page to the one that will be read next; 0 for none.</param>
    /// <param name="probabilities">[rows, 64].</param>
    /// <param name="rows">Query rows.</param>
    /// <param name="entries">Live slots.</param>
    /// <param name="scratch">Room for <see cref="PageFormat.ScratchFloats"/>.</param>
    /// <param name="output">[rows, padded headDim].</param>
    public static void Outputs<TVector>(
        PageFormat format, KvPage page, nint ahead, float* probabilities, int rows, int entries, float* scratch, float* output)
        where TVector : unmanaged, IFloatVector<TVector>
    {
        if (format.Types.Values == EntryType.F16 && ServesHalves<TVector>())
        {
            var values = (ushort*)(page.Pointer + format.ValueOffset);
            HalfTile.Multiply(probabilities, PageFormat.Entries, values, ahead, rows, entries, format.PaddedDim, output, accumulate: true);
            return;
        }

        Product<TVector> product = new(probabilities, PageFormat.Entries, rows, entries, format.PaddedDim, output, accumulate: true);
        float* scales = ScalesIn(format, scratch);
        if (rows >= ConvertFrom && format.Types.Values != EntryType.F32)
        {
            PageLoaders.WithValues<TVector, Conversion<TVector>>(format, page, entries, scales, new(entries, format.PaddedDim, scratch));
            product.Run(new FloatLoader<TVector>(scratch, format.PaddedDim));
            return;
        }

        PageLoaders.WithValues<TVector, Product<TVector>>(format, page, entries, scales, product);
    }

    /// <summary>Converts the keys of a page to floats, [headDim, 64], in a room for <see cref="PageFormat.ScratchFloats"/>.</summary>
    public static void KeysToFloat<TVector>(PageFormat format, KvPage page, float* scratch)
        where TVector : unmanaged, IFloatVector<TVector> =>
        PageLoaders.WithKeys<TVector, Conversion<TVector>>(format, page, ScalesIn(format, scratch), new(format.HeadDim, PageFormat.Entries, scratch));

    /// <summary>Whether the assembled product takes pages of halves: it is one of 512 bits, so narrower passes go their own way.</summary>
    private static bool ServesHalves<TVector>()
        where TVector : unmanaged, IFloatVector<TVector> => TVector.Count == 16 && AssembledKernels.HasHalfTiles;

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
}
