using System.Runtime.CompilerServices;
using Winnow.Kernels.Simd;

namespace Winnow.Kernels.Attention;

/// <summary>
/// Softmax over pages that arrive one after another (Milakov and Gimelshein 2018, arXiv 1805.02867): each row carries its maximum, the sum of exponentials
/// relative to it, and an output that is rescaled when the maximum grows.
/// </summary>
internal static unsafe class OnlineSoftmax
{
    /// <summary>Turns one page of scores into probabilities relative to the running maxima and updates the running state.</summary>
    /// <param name="scores">[rows, 64]; overwritten by exponentials.</param>
    /// <param name="rows">Rows.</param>
    /// <param name="maxima">[rows], −∞ before the first page.</param>
    /// <param name="sums">[rows].</param>
    /// <param name="outputs">[rows, width]; rescaled where the maximum grew.</param>
    /// <param name="width">Output columns, a multiple of the vector width.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Update<TVector>(float* scores, int rows, float* maxima, float* sums, float* outputs, int width)
        where TVector : unmanaged, IFloatVector<TVector>
    {
        for (int row = 0; row < rows; row++)
        {
            float* score = scores + row * PageFormat.Entries;
            TVector highest = TVector.Load(score);
            for (int entry = TVector.Count; entry < PageFormat.Entries; entry += TVector.Count)
                highest = TVector.Max(highest, TVector.Load(score + entry));
            float maximum = MathF.Max(maxima[row], TVector.HorizontalMax(highest));
            if (float.IsNegativeInfinity(maximum))
            {
                new Span<float>(score, PageFormat.Entries).Clear();
                continue;
            }

            if (maximum > maxima[row])
            {
                float factor = MathF.Exp(maxima[row] - maximum);
                sums[row] *= factor;
                Rescale<TVector>(outputs + row * width, width, factor);
                maxima[row] = maximum;
            }

            sums[row] += Exponentials<TVector>(score, maximum);
        }
    }

    /// <summary>Replaces 64 scores by e^(score − reference) and returns their sum.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static float Exponentials<TVector>(float* scores, float reference)
        where TVector : unmanaged, IFloatVector<TVector>
    {
        TVector minusReference = TVector.Splat(-reference), sum = TVector.Zero;
        for (int entry = 0; entry < PageFormat.Entries; entry += TVector.Count)
        {
            TVector value = TVector.ExpNonPositive(TVector.Add(TVector.Load(scores + entry), minusReference));
            TVector.Store(value, scores + entry);
            sum = TVector.Add(sum, value);
        }

        return TVector.HorizontalSum(sum);
    }

    private static void Rescale<TVector>(float* output, int width, float factor)
        where TVector : unmanaged, IFloatVector<TVector>
    {
        TVector scale = TVector.Splat(factor);
        for (int column = 0; column < width; column += TVector.Count)
            TVector.Store(TVector.Multiply(TVector.Load(output + column), scale), output + column);
    }
}
