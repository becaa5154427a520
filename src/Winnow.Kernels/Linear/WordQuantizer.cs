using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
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
        for (int i = 0; i < _inputs.Columns / 32; i++, x += 32)
        {
            Vector256<float> a = Vector256.Load(x), b = Vector256.Load(x + 8), c = Vector256.Load(x + 16), d = Vector256.Load(x + 24);
            float scale = InputQuantizer.ScaleOf(a, b, c, d), inverse = scale == 0 ? 0 : 1 / scale;
            Vector256<int> p = InputQuantizer.Round(a, inverse), q = InputQuantizer.Round(b, inverse);
            Vector256<int> r = InputQuantizer.Round(c, inverse), s = InputQuantizer.Round(d, inverse);
            Pair(Vector256.Narrow(p, q)).Store((short*)pairs);
            Pair(Vector256.Narrow(r, s)).Store((short*)pairs + 16);
            int lower = Vector256.Sum(p + q), upper = Vector256.Sum(r + s);
            if (by32 != null)
                by32 = Write(by32, pairs, 16, tokens, scale, lower + upper);
            if (by16 != null)
                by16 = Write(Write(by16, pairs, 8, tokens, scale, lower), pairs + 8, 8, tokens, scale, upper);
        }
    }

    private readonly int* Token(byte* words, int groupLength, int first, int t) =>
        words == null ? null : (int*)(words + (nint)first * (_inputs.Columns / groupLength) * WordTile.InputRecord(groupLength)) + t;

    /// <summary>Columns 0, 2, 1, 3 of every four.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<short> Pair(Vector256<short> words) =>
        Vector256.Shuffle(words, Vector256.Create(0, 2, 1, 3, 4, 6, 5, 7, 8, 10, 9, 11, 12, 14, 13, 15));

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
