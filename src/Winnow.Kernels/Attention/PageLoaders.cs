using System.Runtime.CompilerServices;
using Winnow.Kernels.Simd;

namespace Winnow.Kernels.Attention;

/// <summary>Work on a matrix whose stored form is a type argument, so that the choice of a form is made once for a page.</summary>
internal interface ITileConsumer<TVector>
    where TVector : unmanaged, IFloatVector<TVector>
{
    void Run<TLoader>(TLoader loader)
        where TLoader : struct, ITileLoader<TVector>;
}

/// <summary>Chooses the loader of a page's keys or values.</summary>
internal static unsafe class PageLoaders
{
    /// <summary>Hands over the keys of a page, [headDim, 64].</summary>
    /// <param name="format">Layout of the page.</param>
    /// <param name="page">The page.</param>
    /// <param name="scales">Room for <see cref="PageFormat.ScalesOfPage"/> scales and as many minima.</param>
    /// <param name="consumer">What reads them.</param>
    public static void WithKeys<TVector, TConsumer>(PageFormat format, KvPage page, float* scales, TConsumer consumer)
        where TVector : unmanaged, IFloatVector<TVector>
        where TConsumer : struct, ITileConsumer<TVector>
    {
        ushort* stored = (ushort*)(page.Pointer + format.KeyScaleOffset);
        float* minima = scales + format.ScalesOfPage;
        WidenScales<TVector>(format.Types.Keys, stored, format.ScalesOfPage, format.ScalesOfPage, scales);
        switch (format.Types.Keys)
        {
            case EntryType.F32:
                consumer.Run(new FloatLoader<TVector>((float*)page.Keys, PageFormat.Entries));
                break;
            case EntryType.F16:
                consumer.Run(new HalfLoader<TVector>((ushort*)page.Keys, PageFormat.Entries));
                break;
            case EntryType.BF16:
                consumer.Run(new BrainLoader<TVector>((ushort*)page.Keys, PageFormat.Entries));
                break;
            case EntryType.Q8_0:
                consumer.Run(new ByteKeyLoader<TVector>((sbyte*)page.Keys, scales));
                break;
            default:
                consumer.Run(new NibbleKeyLoader<TVector>(page.Keys, scales, minima));
                break;
        }
    }

    /// <summary>Hands over the values of the first entries of a page, [entries, padded headDim].</summary>
    /// <param name="format">Layout of the page.</param>
    /// <param name="page">The page.</param>
    /// <param name="entries">Live slots.</param>
    /// <param name="scales">Room for <see cref="PageFormat.ScalesOfPage"/> scales and as many minima.</param>
    /// <param name="consumer">What reads them.</param>
    public static void WithValues<TVector, TConsumer>(PageFormat format, KvPage page, int entries, float* scales, TConsumer consumer)
        where TVector : unmanaged, IFloatVector<TVector>
        where TConsumer : struct, ITileConsumer<TVector>
    {
        byte* values = page.Pointer + format.ValueOffset;
        ushort* stored = (ushort*)(page.Pointer + format.ValueScaleOffset);
        float* minima = scales + format.ScalesOfPage;
        WidenScales<TVector>(format.Types.Values, stored, entries * format.ScaleBlocks, format.ScalesOfPage, scales);
        switch (format.Types.Values)
        {
            case EntryType.F32:
                consumer.Run(new FloatLoader<TVector>((float*)values, format.PaddedDim));
                break;
            case EntryType.F16:
                consumer.Run(new HalfLoader<TVector>((ushort*)values, format.PaddedDim));
                break;
            case EntryType.BF16:
                consumer.Run(new BrainLoader<TVector>((ushort*)values, format.PaddedDim));
                break;
            case EntryType.Q8_0:
                consumer.Run(new ByteValueLoader<TVector>((sbyte*)values, scales, format.ScaleBlocks));
                break;
            default:
                consumer.Run(new NibbleValueLoader<TVector>(values, scales, minima, format.ScaleBlocks));
                break;
        }
    }

    /// <summary>Scales and minima as floats: a page reads each of them for many channels and rows, so they are widened once.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void WidenScales<TVector>(EntryType type, ushort* stored, int count, int minima, float* scales)
        where TVector : unmanaged, IFloatVector<TVector>
    {
        if (!EntryTypes.IsCoded(type))
            return;
        TVector minusEight = TVector.Splat(-8);
        for (int i = 0; i < count; i += TVector.Count)
        {
            TVector scale = TVector.LoadHalf(stored + i);
            TVector.Store(scale, scales + i);
            // code − 8 times scale is code times scale plus a minimum of −8 scales, to the last bit: one loader serves both forms.
            if (type == EntryType.Q4_0)
                TVector.Store(TVector.Multiply(minusEight, scale), scales + minima + i);
            else if (type == EntryType.Q4_1)
                TVector.Store(TVector.LoadHalf(stored + minima + i), scales + minima + i);
        }
    }
}
