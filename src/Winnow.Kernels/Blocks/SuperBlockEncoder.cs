using System.Numerics.Tensors;

namespace Winnow.Kernels.Blocks;

/// <summary>Encoding of the 256-value formats; <see cref="SuperBlocks"/> describes their layout.</summary>
internal static class SuperBlockEncoder
{
    public static void Encode(TensorType type, ReadOnlySpan<float> values, Span<byte> block)
    {
        switch (type)
        {
            case TensorType.Q2_K:
                EncodeQ2(values, block);
                break;
            case TensorType.Q3_K:
                EncodeQ3(values, block);
                break;
            case TensorType.Q4_K:
                EncodeQ45(values, 15, block, block[16..], default);
                break;
            case TensorType.Q5_K:
                EncodeQ45(values, 31, block, block[48..], block[16..48]);
                break;
            case TensorType.Q6_K:
                EncodeQ6(values, block);
                break;
            default:
                throw new NotSupportedException($"{type} has no blocks of {SuperBlocks.Length} values");
        }
    }

    private static void EncodeQ2(ReadOnlySpan<float> values, Span<byte> block)
    {
        Span<int> scales = stackalloc int[16], minima = stackalloc int[16];
        (float d, float dMin) = ScalesAndMinima(values, 3, 15, block[80..], block[82..], scales, minima);
        for (int i = 0; i < values.Length; i++)
        {
            int j = i / 16;
            block[j] = (byte)(scales[j] | minima[j] << 4);
            StoreTwoBits(i, AffineCode(values[i], d * scales[j], dMin * minima[j], 3), block[16..]);
        }
    }

    private static void EncodeQ3(ReadOnlySpan<float> values, Span<byte> block)
    {
        Span<int> scales = stackalloc int[16];
        float d = SignedScales(values, -4, 31, block[108..], scales);
        for (int j = 0; j < 16; j++)
        {
            int stored = scales[j] + 32;
            block[96 + j % 8] |= (byte)((stored & 15) << (j < 8 ? 0 : 4));
            block[104 + j % 4] |= (byte)(stored >> 4 << (2 * (j / 4)));
        }
        for (int i = 0; i < values.Length; i++)
        {
            int code = SmallBlockEncoder.Code(values[i] * SmallBlockEncoder.InverseOrZero(d * scales[i / 16]) + 4, 7);
            StoreTwoBits(i, code & 3, block[32..]);
            block[i % 32] |= (byte)(code >> 2 << (i / 32));
        }
    }

    private static void EncodeQ45(ReadOnlySpan<float> values, int maximum, Span<byte> block, Span<byte> codes, Span<byte> fifthBits)
    {
        Span<int> scales = stackalloc int[8], minima = stackalloc int[8];
        (float d, float dMin) = ScalesAndMinima(values, maximum, 63, block, block[2..], scales, minima);
        Span<byte> packed = block.Slice(4, 12);
        for (int j = 0; j < 4; j++)
        {
            packed[j] = (byte)(scales[j] | scales[j + 4] >> 4 << 6);
            packed[j + 4] = (byte)(minima[j] | minima[j + 4] >> 4 << 6);
            packed[j + 8] = (byte)(scales[j + 4] & 15 | (minima[j + 4] & 15) << 4);
        }
        for (int i = 0; i < values.Length; i++)
        {
            int code = AffineCode(values[i], d * scales[i / 32], dMin * minima[i / 32], maximum);
            codes[i / 64 * 32 + i % 32] |= (byte)((code & 15) << (4 * (i / 32 % 2)));
            if (!fifthBits.IsEmpty)
                fifthBits[i % 32] |= (byte)(code >> 4 << (i / 32));
        }
    }

    private static void EncodeQ6(ReadOnlySpan<float> values, Span<byte> block)
    {
        Span<int> scales = stackalloc int[16];
        float d = SignedScales(values, -32, 127, block[208..], scales);
        for (int i = 0; i < values.Length; i++)
        {
            int half = i / 128, quarter = i / 32 % 4;
            block[192 + i / 16] = (byte)(sbyte)scales[i / 16];
            int code = SmallBlockEncoder.Code(values[i] * SmallBlockEncoder.InverseOrZero(d * scales[i / 16]) + 32, 63);
            block[half * 64 + quarter % 2 * 32 + i % 32] |= (byte)((code & 15) << (4 * (quarter / 2)));
            block[128 + half * 32 + i % 32] |= (byte)(code >> 4 << (2 * quarter));
        }
    }

    /// <summary>Sub-block j is d · scale_j · code − dMin · minimum_j, so a minimum is stored as a distance below zero.</summary>
    private static (float D, float DMin) ScalesAndMinima(
        ReadOnlySpan<float> values, int maximumCode, int maximumScale, Span<byte> dAt, Span<byte> dMinAt, Span<int> scales, Span<int> minima)
    {
        int length = values.Length / scales.Length;
        Span<float> ranges = stackalloc float[scales.Length], depths = stackalloc float[scales.Length];
        for (int j = 0; j < scales.Length; j++)
        {
            ReadOnlySpan<float> part = values.Slice(j * length, length);
            depths[j] = Math.Max(0, -TensorPrimitives.Min(part));
            ranges[j] = (TensorPrimitives.Max(part) + depths[j]) / maximumCode;
        }
        float d = SmallBlockEncoder.WriteHalf(dAt, TensorPrimitives.Max<float>(ranges) / maximumScale);
        float dMin = SmallBlockEncoder.WriteHalf(dMinAt, TensorPrimitives.Max<float>(depths) / maximumScale);
        for (int j = 0; j < scales.Length; j++)
        {
            scales[j] = SmallBlockEncoder.Code(Math.Max(0, ranges[j]) * SmallBlockEncoder.InverseOrZero(d), maximumScale);
            minima[j] = SmallBlockEncoder.Code(depths[j] * SmallBlockEncoder.InverseOrZero(dMin), maximumScale);
        }
        return (d, dMin);
    }

    /// <summary>Sub-block j is d · scale_j · (code + lowest): its value of largest magnitude takes the lowest level.</summary>
    private static float SignedScales(ReadOnlySpan<float> values, int lowest, int maximumScale, Span<byte> dAt, Span<int> scales)
    {
        int length = values.Length / scales.Length;
        Span<float> wanted = stackalloc float[scales.Length];
        for (int j = 0; j < scales.Length; j++)
        {
            ReadOnlySpan<float> part = values.Slice(j * length, length);
            wanted[j] = part[TensorPrimitives.IndexOfMaxMagnitude(part)] / lowest;
        }
        float d = SmallBlockEncoder.WriteHalf(dAt, Math.Abs(TensorPrimitives.MaxMagnitude<float>(wanted)) / maximumScale);
        for (int j = 0; j < scales.Length; j++)
            scales[j] = (int)Math.Clamp(MathF.Round(wanted[j] * SmallBlockEncoder.InverseOrZero(d)), -maximumScale, maximumScale);
        return d;
    }

    private static int AffineCode(float value, float scale, float depth, int maximum) =>
        SmallBlockEncoder.Code((value + depth) * SmallBlockEncoder.InverseOrZero(scale), maximum);

    private static void StoreTwoBits(int i, int code, Span<byte> codes) => codes[i / 128 * 32 + i % 32] |= (byte)(code << (2 * (i / 32 % 4)));
}
