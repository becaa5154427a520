using Winnow.Kernels.Memory;

namespace Winnow.Kernels.Spectral;

/// <summary>What a kernel reads of the keys or the values of a spectral segment: some channels token by token, the others as sums over all tokens.</summary>
public readonly unsafe struct SpectralChannelView
{
    /// <summary>Describes the channels.</summary>
    /// <param name="kept">Indexes of the channels stored token by token.</param>
    /// <param name="compressed">Indexes of the channels stored as sums.</param>
    /// <param name="entries">Halves of the kept channels in blocks of 64 tokens: [kept, 64] for keys, [64, kept] for values, and 16 more to read over.</param>
    /// <param name="states">[compressed, 2k] cosine and sine sums, and 16 more to read over; null when they are halves.</param>
    /// <param name="halfStates">The same as halves.</param>
    /// <param name="scales">A factor on the curve of each compressed channel.</param>
    /// <param name="offsets">Added to the curve of each compressed channel.</param>
    public SpectralChannelView(
        NativeBuffer<int> kept, NativeBuffer<int> compressed, NativeBuffer<ushort> entries, NativeBuffer<float>? states, NativeBuffer<ushort>? halfStates,
        NativeBuffer<float> scales, NativeBuffer<float> offsets)
    {
        (KeptCount, CompressedCount) = (kept.Length, compressed.Length);
        Kept = kept.Pointer;
        Compressed = compressed.Pointer;
        Entries = entries.Pointer;
        Scales = scales.Pointer;
        Offsets = offsets.Pointer;
        States = states is null ? null : states.Pointer;
        HalfStates = halfStates is null ? null : halfStates.Pointer;
    }

    internal int KeptCount { get; }

    internal int CompressedCount { get; }

    internal int* Kept { get; }

    internal int* Compressed { get; }

    internal ushort* Entries { get; }

    internal float* States { get; }

    internal ushort* HalfStates { get; }

    internal float* Scales { get; }

    internal float* Offsets { get; }
}

/// <summary>What a kernel reads of one lane's spectral segment.</summary>
/// <param name="Length">Tokens, the same for all lanes of a layer.</param>
/// <param name="Keys">Keys.</param>
/// <param name="Values">Values, with channel sets of their own.</param>
public readonly record struct SpectralView(int Length, SpectralChannelView Keys, SpectralChannelView Values);

/// <summary>Attention of a run of query tokens over the spectral segments of one layer; every query sees every token of them.</summary>
public readonly ref struct SpectralRequest
{
    /// <summary>A segment for each KV head, all of the same length.</summary>
    public required ReadOnlySpan<SpectralView> Lanes { get; init; }

    /// <summary>Frequencies and period of the segments.</summary>
    public required SpectralBasis Basis { get; init; }

    /// <summary>[tokens, queryHeads, headDim], as attention uses them.</summary>
    public required ReadOnlySpan<float> Queries { get; init; }

    /// <summary>Query tokens.</summary>
    public required int Tokens { get; init; }

    /// <summary>Query heads, a multiple of the lanes; consecutive ones share a lane.</summary>
    public required int QueryHeads { get; init; }

    /// <summary>Channels of a head.</summary>
    public required int HeadDim { get; init; }

    /// <summary>Factor on q·k.</summary>
    public required float Scale { get; init; }

    /// <summary>Soft cap on the logits; zero for none.</summary>
    public float SoftCap { get; init; }
}
