using System.Numerics.Tensors;
using System.Runtime.CompilerServices;

namespace Winnow.Kernels.Attention;

/// <summary>
/// Rounds up to 32 neighbouring channels to codes with a common scale. Codes are chosen for the scale as stored, that is after its rounding to 16 bits.
/// </summary>
internal static unsafe class BlockCodes
{
    private const int Pairs = PageFormat.ScaleBlock / 2;

    /// <summary>Codes −127 to 127: the largest magnitude gets ±127.</summary>
    /// <param name="source">1 to 32 floats.</param>
    /// <param name="codes">Where the first code goes.</param>
    /// <param name="stride">Bytes from one code to the next.</param>
    /// <returns>The bits of the scale.</returns>
    public static ushort WriteSigned8(ReadOnlySpan<float> source, sbyte* codes, int stride)
    {
        // MaxMagnitude keeps the sign of the largest element; a scale has none.
        float scale = Round(MathF.Abs(TensorPrimitives.MaxMagnitude(source)) / sbyte.MaxValue, out ushort bits);
        float inverse = Invert(scale);
        for (int i = 0; i < source.Length; i++)
            codes[i * stride] = (sbyte)Math.Clamp(MathF.Round(source[i] * inverse), -127, 127);
        return bits;
    }

    /// <summary>Codes −8 to 7, stored with 8 added: the element of largest magnitude gets −8, whatever its sign, so the scale may be negative.</summary>
    /// <param name="source">1 to 32 floats.</param>
    /// <param name="codes">Where the byte of channels 0 and 16 goes; 16 bytes are written.</param>
    /// <param name="stride">Bytes from one pair to the next.</param>
    /// <returns>The bits of the scale.</returns>
    public static ushort WriteSigned4(ReadOnlySpan<float> source, byte* codes, int stride)
    {
        float scale = Round(TensorPrimitives.MaxMagnitude(source) / -8, out ushort bits);
        WritePairs(source, -8 * scale, Invert(scale), codes, stride);
        return bits;
    }

    /// <summary>Codes 0 to 15 from the minimum to the maximum.</summary>
    /// <param name="source">1 to 32 floats.</param>
    /// <param name="codes">Where the byte of channels 0 and 16 goes; 16 bytes are written.</param>
    /// <param name="stride">Bytes from one pair to the next.</param>
    /// <returns>The bits of the scale and of the minimum.</returns>
    public static (ushort Scale, ushort Minimum) WriteUnsigned4(ReadOnlySpan<float> source, byte* codes, int stride)
    {
        float minimum = Round(TensorPrimitives.Min(source), out ushort minimumBits);
        float scale = Round((TensorPrimitives.Max(source) - minimum) / 15, out ushort scaleBits);
        WritePairs(source, minimum, Invert(scale), codes, stride);
        return (scaleBits, minimumBits);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void WritePairs(ReadOnlySpan<float> source, float minimum, float inverse, byte* codes, int stride)
    {
        for (int i = 0; i < Pairs; i++)
        {
            int low = i < source.Length ? Code(source[i], minimum, inverse) : 0;
            int high = i + Pairs < source.Length ? Code(source[i + Pairs], minimum, inverse) : 0;
            codes[i * stride] = (byte)(low | high << 4);
        }
    }

    private static int Code(float value, float minimum, float inverse) => Math.Clamp((int)((value - minimum) * inverse + 0.5f), 0, 15);

    private static float Invert(float scale) => scale == 0 ? 0 : 1 / scale;

    private static float Round(float value, out ushort bits)
    {
        Half half = (Half)value;
        bits = BitConverter.HalfToUInt16Bits(half);
        return (float)half;
    }
}
