using System.Runtime.Intrinsics;

namespace Winnow.Kernels.Linear.Formats;

/// <summary>
/// A format with blocks of 256 values whose scales are bytes times a half. Each 32 values have two of those bytes: scale and minimum, or the scales of both
/// groups of 16.
/// </summary>
internal unsafe interface IByteScaleFormat : IBlockFormat
{
    /// <summary>What the first and the second byte of all 32 values are multiplied with.</summary>
    static abstract (Half First, Half Second) Factors(byte* block);

    /// <summary>The two bytes of the first 32 values, those of the next, and so on.</summary>
    static abstract Vector128<byte> ScaleBytes(byte* block);
}
