using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Winnow.Kernels.Assembled;
using Winnow.Kernels.Simd;

namespace Winnow.Kernels.Attention;

/// <summary>
/// Rounds queries, keys, probabilities and values to the 16-bit integers of <see cref="WordProduct"/>. Codes reach as far as a sum over the depth allows: with
/// heads of 64 channels ±5,792, so that a product is as exact as one of halves.
/// </summary>
internal static unsafe class WordConversion
{
    /// <summary>Largest code of a value; with <see cref="ProbabilityLimit"/> and 64 entries, a sum just fits.</summary>
    public const int ValueLimit = 4095;

    /// <summary>Largest code of a probability.</summary>
    public const int ProbabilityLimit = 8191;

    /// <summary>Largest code of queries and keys of a head size.</summary>
    public static int ScoreLimit(int headDim) => (int)Math.Min(short.MaxValue, Math.Sqrt(int.MaxValue / (double)headDim));

    /// <summary>Rounds rows, each to its own scale.</summary>
    /// <param name="source">[rows, columns].</param>
    /// <param name="columns">A multiple of 16.</param>
    /// <param name="limit">Largest code.</param>
    /// <param name="target">Rows of the same number and width.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Rows(float* source, int columns, int limit, WordRows target)
    {
        for (int row = 0; row < target.Rows; row++, source += columns)
        {
            Vector512<float> largest = Vector512.Abs(Vector512.Load(source));
            for (int column = 16; column < columns; column += 16)
                largest = Vector512.Max(largest, Vector512.Abs(Vector512.Load(source + column)));
            float maximum = FloatVector512.HorizontalMax(new(largest));
            target.Scales[row] = maximum / limit;
            Vector512<float> factor = Vector512.Create(maximum > 0 ? limit / maximum : 0);
            short* words = target.Words + (nint)row * target.Stride;
            for (int column = 0; column < columns; column += 16)
                Avx512F.ConvertToVector256Int16(Avx512F.ConvertToVector512Int32(Vector512.Load(source + column) * factor)).Store(words + column);
        }
    }

    /// <summary>Rounds a stored matrix, each column to its own scale.</summary>
    /// <param name="loader">The matrix.</param>
    /// <param name="rows">Its rows.</param>
    /// <param name="limit">Largest code.</param>
    /// <param name="scratch">[rows + 2, 16].</param>
    /// <param name="target">As many columns, a multiple of 16.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Columns<TLoader>(TLoader loader, int rows, int limit, float* scratch, WordColumns target)
        where TLoader : struct, ITileLoader<FloatVector512>
    {
        for (int column = 0; column < target.Columns; column += 16)
        {
            Vector512<float> largest = Vector512<float>.Zero;
            // The last of an odd number of rows pairs with zeros.
            Vector512<float>.Zero.Store(scratch + rows / 2 * 2 * 16 + 16);
            for (int row = 0; row < rows; row++)
            {
                FloatVector512 value = loader.Load(row, column);
                FloatVector512.Store(value, scratch + row * 16);
                largest = Vector512.Max(largest, Vector512.Abs(value.Value));
            }
            Vector512<float> scale = largest * (1f / limit);
            scale.Store(target.Scales + column);
            Vector512<float> factor = Vector512.ConditionalSelect(
                Vector512.GreaterThan(largest, Vector512<float>.Zero), Vector512.Create((float)limit) / largest, Vector512<float>.Zero);
            int* pairs = (int*)target.Words + column;
            for (int row = 0; row < rows; row += 2, pairs += target.Columns)
            {
                Vector512<int> first = Avx512F.ConvertToVector512Int32(Vector512.Load(scratch + row * 16) * factor);
                Vector512<int> second = Avx512F.ConvertToVector512Int32(Vector512.Load(scratch + row * 16 + 16) * factor);
                Vector512.ConditionalSelect(Vector512.Create(0x0000FFFF), first, second << 16).Store(pairs);
            }
        }
    }
}
