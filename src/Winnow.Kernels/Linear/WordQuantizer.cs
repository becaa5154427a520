using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Winnow.Kernels.Assembled;
using Winnow.Kernels.Threading;

namespace Winnow.Kernels.Linear;

/// <summary>
/// Rounds inputs as <see cref="InputQuantizer"/> does, but keeps the two bytes together as one 16-bit integer and writes them where the assembled tile
/// product reads them: see <see cref="WordTile"/>.
/// </summary>
internal unsafe struct WordQuantizer : ITeamJob
{
    private LinearInputs _inputs;

    public WordQuantizer(in LinearInputs inputs) => _inputs = inputs;

    public void Execute(int worker, int workers)
    {
        int tiles = WordTile.Tiles(_inputs.Tokens);
        int from = (int)((long)tiles * worker / workers), to = (int)((long)tiles * (worker + 1) / workers);
        for (int tile = from; tile < to; tile++)
        {
            int first = WordTile.FirstToken(tile, _inputs.Tokens), tokens = WordTile.FirstToken(tile + 1, _inputs.Tokens) - first;
            for (int t = 0; t < tokens; t++)
                Quantize(first, t, tokens);
        }
    }

    /// <summary>Rounds token <paramref name="t"/> of the tile that starts at token <paramref name="first"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Quantize(int first, int t, int tokens)
    {
        float* x = _inputs.X + (nint)(first + t) * _inputs.Columns;
        int* by32 = Token(_inputs.Words32, 32, first, t), by16 = Token(_inputs.Words16, 16, first, t);
        int* pairs = stackalloc int[16];
        // Columns 0, 2, 1, 3 of every four.
        Vector512<short> order = Vector512.Create(
            0, 2, 1, 3, 4, 6, 5, 7, 8, 10, 9, 11, 12, 14, 13, 15, 16, 18, 17, 19, 20, 22, 21, 23, 24, 26, 25, 27, 28, 30, 29, 31);
        for (int i = 0; i < _inputs.Columns / 32; i++, x += 32)
        {
            Vector512<float> a = Vector512.Load(x), b = Vector512.Load(x + 16);
            float scale = Largest(Vector512.Max(Vector512.Abs(a), Vector512.Abs(b))) / (127 * 256), inverse = scale == 0 ? 0 : 1 / scale;
            // This conversion rounds to the nearest; the portable one cuts off and guards against what cannot happen here.
            Vector512<int> p = Avx512F.ConvertToVector512Int32(a * inverse), q = Avx512F.ConvertToVector512Int32(b * inverse);
            Vector512<short> words = Vector512.Create(Avx512F.ConvertToVector256Int16(p), Avx512F.ConvertToVector256Int16(q));
            Avx512BW.PermuteVar32x16(words, order).Store((short*)pairs);
            int lower = Vector512.Sum(p), upper = Vector512.Sum(q);
            if (by32 != null)
                by32 = Write(by32, pairs, 16, tokens, scale, lower + upper);
            if (by16 != null)
                by16 = Write(Write(by16, pairs, 8, tokens, scale, lower), pairs + 8, 8, tokens, scale, upper);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float Largest(Vector512<float> v)
    {
        Vector256<float> half = Vector256.Max(v.GetLower(), v.GetUpper());
        Vector128<float> quarter = Vector128.Max(half.GetLower(), half.GetUpper());
        quarter = Vector128.Max(quarter, Vector128.Shuffle(quarter, Vector128.Create(2, 3, 0, 1)));
        return Math.Max(quarter[0], quarter[1]);
    }

    private readonly int* Token(byte* words, int groupLength, int first, int t) =>
        words == null ? null : (int*)(words + (nint)first * (_inputs.Columns / groupLength) * WordTile.InputRecord(groupLength)) + t;

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
