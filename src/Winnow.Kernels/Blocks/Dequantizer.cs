using System.Numerics.Tensors;
using System.Runtime.InteropServices;

namespace Winnow.Kernels.Blocks;

/// <summary>
/// Turns stored blocks into floats, one value at a time as the formats define them. This is the plain reference that every faster kernel is
/// tested against; multi-byte fields are little-endian, as is every machine the engine runs on.
/// </summary>
public static class Dequantizer
{
    /// <summary>Decodes whole blocks.</summary>
    /// <param name="type">Storage type of <paramref name="source"/>.</param>
    /// <param name="source">Exactly the blocks of <paramref name="destination"/>.</param>
    /// <param name="destination">Receives the values, a whole number of blocks.</param>
    /// <exception cref="ArgumentException">The lengths do not match, or <paramref name="destination"/> does not fill whole blocks.</exception>
    /// <exception cref="NotSupportedException">The type is unknown.</exception>
    public static void ToFloat(TensorType type, ReadOnlySpan<byte> source, Span<float> destination)
    {
        long expected = TensorTypes.RowBytes(type, destination.Length);
        if (source.Length != expected)
            throw new ArgumentException($"{destination.Length} values of {type} take {expected} bytes, not {source.Length}", nameof(source));
        switch (type)
        {
            case TensorType.F32:
                MemoryMarshal.Cast<byte, float>(source).CopyTo(destination);
                return;
            case TensorType.F16:
                TensorPrimitives.ConvertToSingle(MemoryMarshal.Cast<byte, Half>(source), destination);
                return;
            case TensorType.BF16:
                BrainFloat(MemoryMarshal.Cast<byte, ushort>(source), destination);
                return;
        }
        int blockBytes = TensorTypes.BlockBytes(type), blockLength = TensorTypes.BlockLength(type);
        for (int block = 0; block * blockLength < destination.Length; block++)
        {
            ReadOnlySpan<byte> from = source.Slice(block * blockBytes, blockBytes);
            Span<float> to = destination.Slice(block * blockLength, blockLength);
            if (blockLength == SuperBlocks.Length)
                SuperBlocks.Decode(type, from, to);
            else
                SmallBlocks.Decode(type, from, to);
        }
    }

    private static void BrainFloat(ReadOnlySpan<ushort> source, Span<float> destination)
    {
        for (int i = 0; i < source.Length; i++)
            destination[i] = BitConverter.UInt32BitsToSingle((uint)source[i] << 16);
    }
}
