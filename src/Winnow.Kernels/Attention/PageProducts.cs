using System.Runtime.CompilerServices;
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
    /// <param name="queries">[rows, headDim], already scaled.</param>
    /// <param name="rows">Query rows.</param>
    /// <param name="scratch">headDim × 64 floats.</param>
    /// <param name="scores">[rows, 64].</param>
    public static void Scores<TVector>(PageFormat format, KvPage page, float* queries, int rows, float* scratch, float* scores)
        where TVector : unmanaged, IFloatVector<TVector>
    {
        if (rows >= ConvertFrom && format.Type != EntryType.F32)
        {
            KeysToFloat<TVector>(format, page, scratch);
            Multiply(new FloatLoader<TVector>(scratch, PageFormat.Entries));
            return;
        }

        switch (format.Type)
        {
            case EntryType.F32:
                Multiply(new FloatLoader<TVector>((float*)page.Keys, PageFormat.Entries));
                break;
            case EntryType.F16:
                Multiply(new HalfLoader<TVector>((ushort*)page.Keys, PageFormat.Entries));
                break;
            case EntryType.BF16:
                Multiply(new BrainLoader<TVector>((ushort*)page.Keys, PageFormat.Entries));
                break;
            default:
                Multiply(QuantisedKeys<TVector>(format, page));
                break;
        }

        void Multiply<TLoader>(TLoader loader)
            where TLoader : struct, ITileLoader<TVector> =>
            TileProduct.Multiply<TVector, TLoader>(
                queries, format.HeadDim, loader, rows, format.HeadDim, PageFormat.Entries, scores, PageFormat.Entries, accumulate: false);
    }

    /// <summary>scores[r, e] = q[r]·k[e] with keys already converted: [headDim, 64].</summary>
    public static void Scores<TVector>(PageFormat format, float* keys, float* queries, int rows, float* scores)
        where TVector : unmanaged, IFloatVector<TVector> =>
        TileProduct.Multiply<TVector, FloatLoader<TVector>>(
            queries, format.HeadDim, new FloatLoader<TVector>(keys, PageFormat.Entries), rows,
            format.HeadDim, PageFormat.Entries, scores, PageFormat.Entries, false);

    /// <summary>output[r] += Σ over the first <paramref name="entries"/> slots of p[r, e]·v[e].</summary>
    /// <param name="format">Layout of the page.</param>
    /// <param name="page">The page.</param>
    /// <param name="probabilities">[rows, 64].</param>
    /// <param name="rows">Query rows.</param>
    /// <param name="entries">Live slots.</param>
    /// <param name="scratch">64 × padded headDim floats.</param>
    /// <param name="output">[rows, padded headDim].</param>
    public static void Outputs<TVector>(PageFormat format, KvPage page, float* probabilities, int rows, int entries, float* scratch, float* output)
        where TVector : unmanaged, IFloatVector<TVector>
    {
        byte* values = page.Pointer + format.ValueOffset;
        if (rows >= ConvertFrom && format.Type != EntryType.F32)
        {
            ValuesToFloat<TVector>(format, page, entries, scratch);
            Multiply(new FloatLoader<TVector>(scratch, format.PaddedDim));
            return;
        }

        switch (format.Type)
        {
            case EntryType.F32:
                Multiply(new FloatLoader<TVector>((float*)values, format.PaddedDim));
                break;
            case EntryType.F16:
                Multiply(new HalfLoader<TVector>((ushort*)values, format.PaddedDim));
                break;
            case EntryType.BF16:
                Multiply(new BrainLoader<TVector>((ushort*)values, format.PaddedDim));
                break;
            default:
                Multiply(QuantisedValues<TVector>(format, page));
                break;
        }

        void Multiply<TLoader>(TLoader loader)
            where TLoader : struct, ITileLoader<TVector> =>
            TileProduct.Multiply<TVector, TLoader>(
                probabilities, PageFormat.Entries, loader, rows, entries, format.PaddedDim, output, format.PaddedDim, accumulate: true);
    }

    /// <summary>Converts the keys of a page to floats, [headDim, 64].</summary>
    public static void KeysToFloat<TVector>(PageFormat format, KvPage page, float* destination)
        where TVector : unmanaged, IFloatVector<TVector>
    {
        switch (format.Type)
        {
            case EntryType.F32:
                Convert<TVector, FloatLoader<TVector>>(new((float*)page.Keys, PageFormat.Entries), format.HeadDim, PageFormat.Entries, destination);
                break;
            case EntryType.F16:
                Convert<TVector, HalfLoader<TVector>>(new((ushort*)page.Keys, PageFormat.Entries), format.HeadDim, PageFormat.Entries, destination);
                break;
            case EntryType.BF16:
                Convert<TVector, BrainLoader<TVector>>(new((ushort*)page.Keys, PageFormat.Entries), format.HeadDim, PageFormat.Entries, destination);
                break;
            default:
                Convert<TVector, QuantisedKeyLoader<TVector>>(QuantisedKeys<TVector>(format, page), format.HeadDim, PageFormat.Entries, destination);
                break;
        }
    }

    private static void ValuesToFloat<TVector>(PageFormat format, KvPage page, int entries, float* destination)
        where TVector : unmanaged, IFloatVector<TVector>
    {
        ushort* values = (ushort*)(page.Pointer + format.ValueOffset);
        switch (format.Type)
        {
            case EntryType.F16:
                Convert<TVector, HalfLoader<TVector>>(new(values, format.PaddedDim), entries, format.PaddedDim, destination);
                break;
            case EntryType.BF16:
                Convert<TVector, BrainLoader<TVector>>(new(values, format.PaddedDim), entries, format.PaddedDim, destination);
                break;
            default:
                Convert<TVector, QuantisedValueLoader<TVector>>(QuantisedValues<TVector>(format, page), entries, format.PaddedDim, destination);
                break;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Convert<TVector, TLoader>(TLoader source, int rows, int columns, float* destination)
        where TVector : unmanaged, IFloatVector<TVector>
        where TLoader : struct, ITileLoader<TVector>
    {
        for (int row = 0; row < rows; row++)
        {
            for (int column = 0; column < columns; column += TVector.Count)
                TVector.Store(source.Load(row, column), destination + row * columns + column);
        }
    }

    private static QuantisedKeyLoader<TVector> QuantisedKeys<TVector>(PageFormat format, KvPage page)
        where TVector : unmanaged, IFloatVector<TVector> =>
        new((sbyte*)page.Keys, (ushort*)(page.Pointer + format.KeyScaleOffset));

    private static QuantisedValueLoader<TVector> QuantisedValues<TVector>(PageFormat format, KvPage page)
        where TVector : unmanaged, IFloatVector<TVector> =>
        new((sbyte*)(page.Pointer + format.ValueOffset), (ushort*)(page.Pointer + format.ValueScaleOffset), format.PaddedDim);
}
