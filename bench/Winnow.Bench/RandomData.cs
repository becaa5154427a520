using Winnow.Kernels.Memory;

namespace Winnow.Bench;

/// <summary>Data without meaning: the kernels' time does not depend on the values.</summary>
internal static class RandomData
{
    /// <summary>Floats from −1 to 1, the same at every call.</summary>
    public static float[] Floats(int count)
    {
        Random random = new(1);
        float[] values = new float[count];
        for (int i = 0; i < count; i++)
            values[i] = random.NextSingle() * 2 - 1;
        return values;
    }

    /// <summary>Floats from −1 to 1 as halves.</summary>
    public static ushort[] Halves(int count) => [.. Floats(count).Select(value => BitConverter.HalfToUInt16Bits((Half)value))];

    /// <summary>The values in native memory.</summary>
    public static NativeBuffer<T> Native<T>(ReadOnlySpan<T> values)
        where T : unmanaged
    {
        NativeBuffer<T> buffer = new(values.Length);
        values.CopyTo(buffer.Span);
        return buffer;
    }
}
