using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Winnow.Kernels.Assembled;
using Winnow.Kernels.Simd;

namespace Winnow.Kernels.Linear;

/// <summary>
/// Rounds inputs as <see cref="InputQuantizer"/> does, but keeps the two bytes together as one 16-bit integer and writes them where the assembled tile
/// product reads them: see <see cref="WordTile"/>.
/// </summary>
internal readonly unsafe struct WordQuantizer : ITokenRounding
{
    private readonly LinearInputs _inputs;

    public WordQuantizer(in LinearInputs inputs) => _inputs = inputs;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Round(int first, int t, int tokens, int group, int end)
    {
        float* x = _inputs.X + (nint)(first + t) * _inputs.Columns + group * 32;
        int* by32 = (int*)_inputs.WordTiles(32).Record(first, tokens, group) + t;
        int* by16 = _inputs.Words16 == null ? null : (int*)_inputs.WordTiles(16).Record(first, tokens, 2 * group) + t;
        int* pairs = stackalloc int[16];
        // Columns 0, 2, 1, 3 of every four.
        Vector512<short> order = Vector512.Create(
            0, 2, 1, 3, 4, 6, 5, 7, 8, 10, 9, 11, 12, 14, 13, 15, 16, 18, 17, 19, 20, 22, 21, 23, 24, 26, 25, 27, 28, 30, 29, 31);
        for (; group < end; group++, x += 32)
        {
            Vector512<float> a = Vector512.Load(x), b = Vector512.Load(x + 16);
            float scale = FloatVector512.HorizontalMax(new(Vector512.Max(Vector512.Abs(a), Vector512.Abs(b)))) / (127 * 256), inverse = scale == 0 ? 0 : 1 / scale;
            // This conversion rounds to the nearest; the portable one cuts off and guards against what cannot happen here.
            Vector512<int> p = Avx512F.ConvertToVector512Int32(a * inverse), q = Avx512F.ConvertToVector512Int32(b * inverse);
            Vector512<short> words = Vector512.Create(Avx512F.ConvertToVector256Int16(p), Avx512F.ConvertToVector256Int16(q));
            Avx512BW.PermuteVar32x16(words, order).Store((short*)pairs);
            int lower = Vector512.Sum(p), upper = Vector512.Sum(q);
            by32 = Write(by32, pairs, 16, tokens, scale, lower + upper);
            if (by16 != null)
                by16 = Write(Write(by16, pairs, 8, tokens, scale, lower), pairs + 8, 8, tokens, scale, upper);
        }
    }

    /// <summary>Writes one token's share of a group's record and returns where the next group's begins.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int* Write(int* to, int* pairs, int steps, int tokens, float scale, int sum)
    {
        for (int i = 0; i < steps; i++, to += tokens)
            *to = pairs[i];
        *(float*)to = scale;
        *(float*)(to + tokens) = scale * sum;
        return to + 2 * tokens;
    }
}
