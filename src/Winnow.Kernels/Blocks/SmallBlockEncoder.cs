using System.Buffers.Binary;
using System.Numerics.Tensors;

namespace Winnow.Kernels.Blocks;

/// <summary>Encoding of the 32-value formats; <see cref="SmallBlocks"/> describes their layout.</summary>
internal static class SmallBlockEncoder
{
    private const int HalfLength = SmallBlocks.Length / 2;

    public static void Encode(TensorType type, ReadOnlySpan<float> values, Span<byte> block)
    {
        switch (type)
        {
            case TensorType.Q4_0:
                Symmetric(values, 8, block, 2, fifthBitsAt: 0);
                break;
            case TensorType.Q5_0:
                Symmetric(values, 16, block, 6, fifthBitsAt: 2);
                break;
            case TensorType.Q4_1:
                WithMinimum(values, 15, block, 4, fifthBitsAt: 0);
                break;
            case TensorType.Q5_1:
                WithMinimum(values, 31, block, 8, fifthBitsAt: 4);
                break;
            case TensorType.Q8_0:
                EightBits(values, block);
                break;
            case TensorType.IQ4_NL:
                NonLinear(values, block);
                break;
            default:
                throw new NotSupportedException($"{type} has no blocks of {SmallBlocks.Length} values");
        }
    }

    public static float WriteHalf(Span<byte> destination, float value)
    {
        Half rounded = (Half)value;
        BinaryPrimitives.WriteHalfLittleEndian(destination, rounded);
        return (float)rounded;
    }

    public static float InverseOrZero(float value) => value == 0 ? 0 : 1 / value;

    public static int Code(float value, int maximum) => Math.Clamp((int)MathF.Round(value), 0, maximum);

    /// <summary>The value of largest magnitude takes the lowest code, which lies one step further out than the highest.</summary>
    private static void Symmetric(ReadOnlySpan<float> values, int centre, Span<byte> block, int codesAt, int fifthBitsAt)
    {
        float scale = WriteHalf(block, values[TensorPrimitives.IndexOfMaxMagnitude(values)] / -centre);
        float inverse = InverseOrZero(scale);
        for (int i = 0; i < values.Length; i++)
            StoreCode(i, Code(values[i] * inverse + centre, 2 * centre - 1), block, codesAt, fifthBitsAt);
    }

    private static void WithMinimum(ReadOnlySpan<float> values, int maximum, Span<byte> block, int codesAt, int fifthBitsAt)
    {
        float minimum = WriteHalf(block[2..], TensorPrimitives.Min(values));
        float scale = WriteHalf(block, (TensorPrimitives.Max(values) - minimum) / maximum);
        float inverse = InverseOrZero(scale);
        for (int i = 0; i < values.Length; i++)
            StoreCode(i, Code((values[i] - minimum) * inverse, maximum), block, codesAt, fifthBitsAt);
    }

    private static void EightBits(ReadOnlySpan<float> values, Span<byte> block)
    {
        float inverse = InverseOrZero(WriteHalf(block, Math.Abs(TensorPrimitives.MaxMagnitude(values)) / 127));
        for (int i = 0; i < values.Length; i++)
            block[2 + i] = (byte)(sbyte)Math.Clamp(MathF.Round(values[i] * inverse), -127, 127);
    }

    private static void NonLinear(ReadOnlySpan<float> values, Span<byte> block)
    {
        float inverse = InverseOrZero(WriteHalf(block, values[TensorPrimitives.IndexOfMaxMagnitude(values)] / SmallBlocks.NonLinearLevels[0]));
        for (int i = 0; i < values.Length; i++)
        {
            float level = values[i] * inverse;
            int nearest = 0;
            for (int code = 1; code < 16; code++)
            {
                if (Math.Abs(SmallBlocks.NonLinearLevels[code] - level) < Math.Abs(SmallBlocks.NonLinearLevels[nearest] - level))
                    nearest = code;
            }
            StoreCode(i, nearest, block, 2, fifthBitsAt: 0);
        }
    }

    private static void StoreCode(int index, int code, Span<byte> block, int codesAt, int fifthBitsAt)
    {
        block[codesAt + index % HalfLength] |= (byte)((code & 15) << (index < HalfLength ? 0 : 4));
        if (fifthBitsAt > 0)
            block[fifthBitsAt + index / 8] |= (byte)(code >> 4 << (index % 8));
    }
}
