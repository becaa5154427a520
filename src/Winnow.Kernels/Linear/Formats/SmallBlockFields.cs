using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Winnow.Kernels.Linear.Formats;

/// <summary>The fields that 32-value formats have in common: f16 scale at byte 0, f16 minimum at byte 2, two codes a byte.</summary>
internal static unsafe class SmallBlockFields
{
    // A half moved to a float's place is short by the difference of the exponent biases, 127 − 15.
    private const float ExponentShift = 5.192296858534828e33f; // 2^112
    private const int SignAndDigits = unchecked((int)0x8FFFE000);

    /// <summary>Reads the scales of all blocks of a row, and the minima unless <paramref name="minima"/> is null.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Read(byte* row, int blockBytes, int count, float* scales, float* minima)
    {
        if (count < 8)
        {
            ReadOneByOne(row, blockBytes, count, scales, minima);
            return;
        }
        for (int i = 0; i < count; i += 8)
        {
            // The last eight blocks may overlap those before: writing a scale twice is cheaper than a rest one by one.
            int at = Math.Min(i, count - 8);
            byte* block = row + (nint)at * blockBytes;
            // Eight loads and inserts: a gather is microcode on many processors and took a third longer for the whole product.
            Vector256<int> both = Vector256.Create(
                *(int*)block, *(int*)(block + blockBytes), *(int*)(block + 2 * blockBytes), *(int*)(block + 3 * blockBytes),
                *(int*)(block + 4 * blockBytes), *(int*)(block + 5 * blockBytes), *(int*)(block + 6 * blockBytes), *(int*)(block + 7 * blockBytes));
            Floats(both << 16).Store(scales + at);
            if (minima != null)
                Floats(both).Store(minima + at);
        }
    }

    /// <summary>The finite halves in the upper 16 bits of each lane as floats.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Floats(Vector256<int> upperHalves) =>
        ((upperHalves >> 3) & Vector256.Create(SignAndDigits)).AsSingle() * Vector256.Create(ExponentShift);

    /// <summary>One finite half as a float.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Float(byte* half) => BitConverter.Int32BitsToSingle((*(short*)half << 13) & SignAndDigits) * ExponentShift;

    /// <summary>32 nibbles: the low ones of 16 bytes, then the high ones.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> Nibbles(byte* bytes)
    {
        Vector128<byte> packed = Vector128.Load(bytes);
        return Vector256.Create(packed, (packed.AsUInt16() >> 4).AsByte()) & Vector256.Create((byte)15);
    }

    /// <summary>Bit i of the 32-bit field as 16 in byte i.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> FifthBits(byte* field)
    {
        Vector256<byte> spread = Vector256.Create(
            Vector128.Create(0x0101010101010101ul * field[0], 0x0101010101010101ul * field[1]),
            Vector128.Create(0x0101010101010101ul * field[2], 0x0101010101010101ul * field[3])).AsByte();
        Vector256<byte> bit = Vector256.Create(0x8040201008040201ul).AsByte();
        return Vector256.Equals(spread & bit, bit) & Vector256.Create((byte)16);
    }

    private static void ReadOneByOne(byte* row, int blockBytes, int count, float* scales, float* minima)
    {
        for (int i = 0; i < count; i++, row += blockBytes)
        {
            scales[i] = Float(row);
            if (minima != null)
                minima[i] = Float(row + 2);
        }
    }
}
