using Winnow.Kernels.Attention;

namespace Winnow.Kernels.Tests.Attention;

/// <summary>What an entry becomes when it is stored, written down straight from the definition of each type.</summary>
internal static class PlainEntry
{
    public static float[] Round(EntryType type, float[] source) => type switch
    {
        EntryType.F32 => source,
        EntryType.F16 => [.. source.Select(ToHalf)],
        EntryType.BF16 => [.. source.Select(value => (float)Math.Round(value / Ulp(value)) * Ulp(value))],
        _ => [.. source.Chunk(32).SelectMany(block => RoundBlock(type, block))],
    };

    private static IEnumerable<float> RoundBlock(EntryType type, float[] block)
    {
        float largest = block.MaxBy(MathF.Abs);
        (float minimum, float scale, int codes) = type switch
        {
            EntryType.Q8_0 => (-127 * ToHalf(MathF.Abs(largest) / 127), ToHalf(MathF.Abs(largest) / 127), 254),
            EntryType.Q4_0 => (-8 * ToHalf(largest / -8), ToHalf(largest / -8), 15),
            _ => (ToHalf(block.Min()), ToHalf((block.Max() - ToHalf(block.Min())) / 15), 15),
        };
        return block.Select(value => minimum + (float)Math.Clamp(Math.Round((value - minimum) / (double)scale), 0, codes) * scale);
    }

    private static float ToHalf(float value) => (float)(Half)value;

    /// <summary>Distance between brain floats near a value: 8 bits of precision.</summary>
    private static float Ulp(float value) => MathF.ScaleB(1, Math.ILogB(value) - 7);
}
