using System.Numerics.Tensors;
using System.Runtime.InteropServices;

namespace Winnow.Kernels.Blocks;

/// <summary>
/// Turns floats into stored blocks by simple rounding: each block's scale comes from its extremes, without a search or importance weights.
/// For writing test and cache data; published files are made with more care.
/// </summary>
public static class Quantizer
{
    /// <summary>Encodes whole blocks.</summary>
    /// <param name="type">Storage type to produce.</param>
    /// <param name="source">Finite values, a whole number of blocks.</param>
    /// <param name="destination">Exactly the bytes of those blocks.</param>
    /// <exception cref="ArgumentException">The lengths do not match, or <paramref name="source"/> does not fill whole blocks.</exception>
    /// <exception cref="NotSupportedException">The type is unknown.</exception>
    public static void FromFloat(TensorType type, ReadOnlySpan<float> source, Span<byte> destination)
    {
        long expected = TensorTypes.RowBytes(type, source.Length);
        if (destination.Length != expected)
            throw new ArgumentException($"{source.Length} values of {type} take {expected} bytes, not {destination.Length}", nameof(destination));
        switch (type)
        {
            case TensorType.F32:
                MemoryMarshal.AsBytes(source).CopyTo(destination);
                return;
            case TensorType.F16:
                TensorPrimitives.ConvertToHalf(source, MemoryMarshal.Cast<byte, Half>(destination));
                return;
            case TensorType.BF16:
                BrainFloat(source, MemoryMarshal.Cast<byte, ushort>(destination));
                return;
        }
        int blockBytes = TensorTypes.BlockBytes(type), blockLength = TensorTypes.BlockLength(type);
        for (int block = 0; block * blockLength < source.Length; block++)
        {
            ReadOnlySpan<float> from = source.Slice(block * blockLength, blockLength);
            Span<byte> to = destination.Slice(block * blockBytes, blockBytes);
            to.Clear();
            if (blockLength == SuperBlocks.Length)
                SuperBlockEncoder.Encode(type, from, to);
            else
                SmallBlockEncoder.Encode(type, from, to);
        }
    }

    /// <summary>Rounds to the nearest, ties to even.</summary>
    private static void BrainFloat(ReadOnlySpan<float> source, Span<ushort> destination)
    {
        for (int i = 0; i < source.Length; i++)
        {
            uint bits = BitConverter.SingleToUInt32Bits(source[i]);
            destination[i] = (ushort)((bits + 0x7FFF + (bits >> 16 & 1)) >> 16);
        }
    }
}
