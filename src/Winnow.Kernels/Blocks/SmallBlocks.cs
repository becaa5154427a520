using System.Buffers.Binary;

namespace Winnow.Kernels.Blocks;

/// <summary>Decoding of the 32-value formats. Codes of value j and j + 16 share byte j: the low and the high four bits.</summary>
internal static class SmallBlocks
{
    public const int Length = 32;
    private const int HalfLength = Length / 2;

    /// <summary>The non-linear 4-bit levels of <see cref="TensorType.IQ4_NL"/>.</summary>
    public static ReadOnlySpan<sbyte> NonLinearLevels => [-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113];

    public static void Decode(TensorType type, ReadOnlySpan<byte> block, Span<float> values)
    {
        float scale = ReadHalf(block);
        switch (type)
        {
            case TensorType.Q4_0:
                Nibbles(block[2..], 0, scale, -8 * scale, values);
                break;
            case TensorType.Q4_1:
                Nibbles(block[4..], 0, scale, ReadHalf(block[2..]), values);
                break;
            case TensorType.Q5_0:
                Nibbles(block[6..], BinaryPrimitives.ReadUInt32LittleEndian(block[2..]), scale, -16 * scale, values);
                break;
            case TensorType.Q5_1:
                Nibbles(block[8..], BinaryPrimitives.ReadUInt32LittleEndian(block[4..]), scale, ReadHalf(block[2..]), values);
                break;
            case TensorType.Q8_0:
                for (int i = 0; i < Length; i++)
                    values[i] = scale * (sbyte)block[2 + i];
                break;
            case TensorType.IQ4_NL:
                for (int i = 0; i < HalfLength; i++)
                {
                    values[i] = scale * NonLinearLevels[block[2 + i] & 15];
                    values[i + HalfLength] = scale * NonLinearLevels[block[2 + i] >> 4];
                }
                break;
            default:
                throw new NotSupportedException($"{type} has no blocks of {Length} values");
        }
    }

    public static float ReadHalf(ReadOnlySpan<byte> source) => (float)BinaryPrimitives.ReadHalfLittleEndian(source);

    /// <summary>value = scale · code + minimum; bit j of <paramref name="fifthBits"/> is the fifth bit of code j.</summary>
    private static void Nibbles(ReadOnlySpan<byte> codes, uint fifthBits, float scale, float minimum, Span<float> values)
    {
        for (int i = 0; i < HalfLength; i++)
        {
            uint low = (uint)(codes[i] & 15) | ((fifthBits >> i & 1) << 4);
            uint high = (uint)(codes[i] >> 4) | ((fifthBits >> (i + HalfLength) & 1) << 4);
            values[i] = scale * low + minimum;
            values[i + HalfLength] = scale * high + minimum;
        }
    }
}
