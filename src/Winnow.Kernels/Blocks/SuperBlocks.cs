namespace Winnow.Kernels.Blocks;

/// <summary>
/// Decoding of the 256-value formats: sub-blocks of 16 or 32 values have small integer scales (and minima), which one or two f16 numbers scale in turn.
/// </summary>
internal static class SuperBlocks
{
    public const int Length = 256;

    public static void Decode(TensorType type, ReadOnlySpan<byte> block, Span<float> values)
    {
        switch (type)
        {
            case TensorType.Q2_K:
                DecodeQ2(block, values);
                break;
            case TensorType.Q3_K:
                DecodeQ3(block, values);
                break;
            case TensorType.Q4_K:
                DecodeQ45(block[16..], default, block, values);
                break;
            case TensorType.Q5_K:
                DecodeQ45(block[48..], block[16..48], block, values);
                break;
            case TensorType.Q6_K:
                DecodeQ6(block, values);
                break;
            default:
                throw new NotSupportedException($"{type} has no blocks of {Length} values");
        }
    }

    /// <summary>6-bit scale and minimum of sub-block j (0 to 7) from the 12 packed bytes of Q4_K and Q5_K.</summary>
    public static (int Scale, int Minimum) ScaleAndMinimum(ReadOnlySpan<byte> packed, int j) => j < 4
        ? (packed[j] & 63, packed[j + 4] & 63)
        : (packed[j + 4] & 15 | packed[j - 4] >> 6 << 4, packed[j + 4] >> 4 | packed[j] >> 6 << 4);

    /// <summary>Signed scale of sub-block j (0 to 15) from the 12 packed bytes of Q3_K: low four bits first, high two bits in the last four bytes.</summary>
    public static int SignedScale(ReadOnlySpan<byte> packed, int j)
    {
        int low = j < 8 ? packed[j] & 15 : packed[j - 8] >> 4;
        return (low | (packed[8 + j % 4] >> (2 * (j / 4)) & 3) << 4) - 32;
    }

    /// <summary>Layout: 16 bytes scale | minimum nibbles, 64 bytes codes, f16 scale, f16 minimum.</summary>
    private static void DecodeQ2(ReadOnlySpan<byte> block, Span<float> values)
    {
        float d = SmallBlocks.ReadHalf(block[80..]), dMin = SmallBlocks.ReadHalf(block[82..]);
        for (int i = 0; i < Length; i++)
        {
            byte scales = block[i / 16];
            values[i] = d * (scales & 15) * TwoBits(block[16..], i) - dMin * (scales >> 4);
        }
    }

    /// <summary>Layout: 32 bytes high bits, 64 bytes low bits, 12 bytes scales, f16 scale. A clear high bit takes 4 off.</summary>
    private static void DecodeQ3(ReadOnlySpan<byte> block, Span<float> values)
    {
        float d = SmallBlocks.ReadHalf(block[108..]);
        for (int i = 0; i < Length; i++)
        {
            int high = block[i % 32] >> (i / 32) & 1;
            values[i] = d * SignedScale(block[96..], i / 16) * (TwoBits(block[32..], i) + 4 * high - 4);
        }
    }

    /// <summary>Layout: f16 scale, f16 minimum, 12 bytes scales, [32 bytes fifth bits], 128 bytes codes.</summary>
    private static void DecodeQ45(ReadOnlySpan<byte> codes, ReadOnlySpan<byte> fifthBits, ReadOnlySpan<byte> block, Span<float> values)
    {
        float d = SmallBlocks.ReadHalf(block), dMin = SmallBlocks.ReadHalf(block[2..]);
        for (int i = 0; i < Length; i++)
        {
            (int scale, int minimum) = ScaleAndMinimum(block[4..], i / 32);
            int code = codes[i / 64 * 32 + i % 32] >> (4 * (i / 32 % 2)) & 15;
            if (!fifthBits.IsEmpty)
                code |= (fifthBits[i % 32] >> (i / 32) & 1) << 4;
            values[i] = d * scale * code - dMin * minimum;
        }
    }

    /// <summary>Layout: 128 bytes low nibbles, 64 bytes high bit pairs, 16 signed scales, f16 scale.</summary>
    private static void DecodeQ6(ReadOnlySpan<byte> block, Span<float> values)
    {
        float d = SmallBlocks.ReadHalf(block[208..]);
        for (int i = 0; i < Length; i++)
        {
            int half = i / 128, quarter = i / 32 % 4;
            int low = block[half * 64 + quarter % 2 * 32 + i % 32] >> (4 * (quarter / 2)) & 15;
            int high = block[128 + half * 32 + i % 32] >> (2 * quarter) & 3;
            values[i] = d * (sbyte)block[192 + i / 16] * ((low | high << 4) - 32);
        }
    }

    /// <summary>Code i of 256 two-bit codes: byte i mod 32 of each half holds four of them, 32 values apart.</summary>
    private static int TwoBits(ReadOnlySpan<byte> codes, int i) => codes[i / 128 * 32 + i % 32] >> (2 * (i / 32 % 4)) & 3;
}
