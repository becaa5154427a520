using System.Runtime.Intrinsics;

namespace Winnow.Kernels.Linear.Formats;

/// <summary>
/// What the integer kernels must know of a quantised format. Every format is brought to one form: unsigned codes of 32 consecutive values, and for
/// each group of 16 or 32 values a scale and perhaps a minimum, so that value = scale · (code − centre), or scale · code + minimum.
/// Adding a format is writing one of these; no kernel changes.
/// </summary>
internal unsafe interface IBlockFormat
{
    /// <summary>Values in a block.</summary>
    static abstract int BlockLength { get; }

    /// <summary>Bytes of a block.</summary>
    static abstract int BlockBytes { get; }

    /// <summary>Values that share a scale: 16 or 32.</summary>
    static abstract int GroupLength { get; }

    /// <summary>Bits of a code; decides how far byte products can be added up before they must be widened.</summary>
    static abstract int CodeBits { get; }

    /// <summary>The code of zero, for formats without minima; 0 for those with.</summary>
    static abstract float Centre { get; }

    /// <summary>Whether groups have a minimum.</summary>
    static abstract bool HasMinimum { get; }

    /// <summary>The 32 codes of a block that start at value 32 · <paramref name="part"/>, in order.</summary>
    static abstract Vector256<byte> Codes(byte* block, int part);

    /// <summary>Decodes the scales of a row's groups, and the minima where there are any.</summary>
    static abstract void RowScales(byte* row, int columns, float* scales, float* minima);
}
