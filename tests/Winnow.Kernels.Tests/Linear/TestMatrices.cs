using Winnow.Kernels.Blocks;
using Winnow.Kernels.Linear;
using Winnow.Kernels.Memory;

namespace Winnow.Kernels.Tests.Linear;

/// <summary>Random matrices of every type, inputs, and the product in double precision.</summary>
internal static class TestMatrices
{
    public static readonly TensorType[] AllTypes = Enum.GetValues<TensorType>();

    public static WeightMatrix Random(TensorType type, int rows, int columns, int seed = 1)
    {
        float[] values = Gaussian(rows * columns, seed);
        var bytes = new NativeBuffer<byte>((int)(rows * TensorTypes.RowBytes(type, columns)));
        Owners.Add(bytes);
        Quantizer.FromFloat(type, values, bytes.Span);
        return new WeightMatrix(type, rows, columns, bytes.Bytes);
    }

    public static float[] Gaussian(int count, int seed)
    {
        var random = new Random(seed);
        var values = new float[count];
        for (int i = 0; i < count; i++)
            values[i] = (float)(Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble()));
        return values;
    }

    /// <summary>Inputs that rounding to bytes keeps: in each 32-value group multiples of a power of two, with ±127 among them.</summary>
    public static float[] Representable(int count, int seed)
    {
        var random = new Random(seed);
        var values = new float[count];
        for (int i = 0; i < count; i++)
            values[i] = (i % 32 == 17 ? (i % 64 < 32 ? 127 : -127) : random.Next(-127, 128)) * MathF.ScaleB(1, i / 32 % 5 - 8);
        return values;
    }

    public static double[] Product(WeightMatrix weight, ReadOnlySpan<float> x, int tokens)
    {
        var row = new float[weight.Columns];
        var y = new double[tokens * weight.Rows];
        for (int r = 0; r < weight.Rows; r++)
        {
            weight.DequantizeRow(r, row);
            for (int t = 0; t < tokens; t++)
            {
                for (int c = 0; c < row.Length; c++)
                    y[t * weight.Rows + r] += (double)row[c] * x[t * row.Length + c];
            }
        }
        return y;
    }

    /// <summary>Root mean square of the difference over that of the expected values.</summary>
    public static double RelativeError(ReadOnlySpan<double> expected, ReadOnlySpan<float> actual)
    {
        double difference = 0, size = 0;
        for (int i = 0; i < expected.Length; i++)
        {
            difference += (expected[i] - actual[i]) * (expected[i] - actual[i]);
            size += expected[i] * expected[i];
        }
        return Math.Sqrt(difference / size);
    }

    // A matrix is a view; the memory behind it must live as long as any test.
    private static readonly System.Collections.Concurrent.ConcurrentBag<NativeBuffer<byte>> Owners = [];
}
