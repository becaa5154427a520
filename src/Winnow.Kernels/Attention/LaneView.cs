using Winnow.Kernels.Memory;

namespace Winnow.Kernels.Attention;

/// <summary>
/// What a kernel reads of one lane. Entry e of the lane lies in page e / 64, slot e % 64. The order of entries carries no meaning: causality and windows follow
/// <see cref="Positions"/>. The arrays are padded to whole pages.
/// </summary>
public readonly unsafe struct LaneView
{
    /// <summary>Describes a lane.</summary>
    /// <param name="pages">Pages, at least ⌈length / 64⌉.</param>
    /// <param name="length">Live entries.</param>
    /// <param name="positions">True position of each entry.</param>
    /// <param name="biases">Added to the attention logit of each entry, such as α·log w of a merged entry; null for none.</param>
    /// <param name="headMasks">Bit g of an entry's mask: query head g of the group sees it; null when all do.</param>
    /// <param name="readSet">One bit an entry, 64 to a word: entries to read in this pass; null for all.</param>
    /// <param name="ranks">Slot index to rotate each (unrotated) key by; null when keys are stored rotated.</param>
    public LaneView(
        NativeBuffer<KvPage> pages,
        int length,
        NativeBuffer<int> positions,
        NativeBuffer<float>? biases = null,
        NativeBuffer<uint>? headMasks = null,
        NativeBuffer<ulong>? readSet = null,
        NativeBuffer<int>? ranks = null)
    {
        int needed = (length + PageFormat.Entries - 1) / PageFormat.Entries;
        Require(pages.Length, needed, nameof(pages));
        Require(positions.Length, needed * PageFormat.Entries, nameof(positions));
        Require(biases?.Length, needed * PageFormat.Entries, nameof(biases));
        Require(headMasks?.Length, needed * PageFormat.Entries, nameof(headMasks));
        Require(readSet?.Length, needed, nameof(readSet));
        Require(ranks?.Length, needed * PageFormat.Entries, nameof(ranks));
        Length = length;
        Pages = pages.Pointer;
        Positions = positions.Pointer;
        Biases = biases is null ? null : biases.Pointer;
        HeadMasks = headMasks is null ? null : headMasks.Pointer;
        ReadSet = readSet is null ? null : readSet.Pointer;
        Ranks = ranks is null ? null : ranks.Pointer;
    }

    /// <summary>Live entries.</summary>
    public int Length { get; }

    internal KvPage* Pages { get; }

    internal int* Positions { get; }

    internal float* Biases { get; }

    internal uint* HeadMasks { get; }

    internal ulong* ReadSet { get; }

    internal int* Ranks { get; }

    internal int PageCount => (Length + PageFormat.Entries - 1) / PageFormat.Entries;

    internal int EntriesOf(int page) => Math.Min(PageFormat.Entries, Length - page * PageFormat.Entries);

    private static void Require(int? length, int needed, string name)
    {
        if (length < needed)
            throw new ArgumentException($"{length} elements are too few; the lane needs {needed}", name);
    }
}
