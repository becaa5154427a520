using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Winnow.Kernels.Assembled;
using Winnow.Kernels.Threading;

namespace Winnow.Kernels.Linear;

/// <summary>
/// Rounds inputs to one byte: each 32-value group has the scale absmax / 127, kept as a 32-bit float. Codes go where the assembled product reads them: see
/// <see cref="ByteTile"/>.
/// </summary>
internal unsafe struct ByteQuantizer : ITeamJob
{
    private LinearInputs _inputs;

    public ByteQuantizer(in LinearInputs inputs) => _inputs = inputs;

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
        int* to = (int*)_inputs.ByteTiles.Record(first, tokens, 0) + t;
        int* fours = stackalloc int[ByteTile.Steps];
        for (int i = 0; i < _inputs.Columns / PackedTile.Columns; i++, x += PackedTile.Columns)
        {
            Vector256<float> a = Vector256.Load(x), b = Vector256.Load(x + 8), c = Vector256.Load(x + 16), d = Vector256.Load(x + 24);
            float scale = InputQuantizer.Largest(a, b, c, d) / 127, inverse = scale == 0 ? 0 : 1 / scale;
            Vector256<int> p = InputQuantizer.Round(a, inverse), q = InputQuantizer.Round(b, inverse);
            Vector256<int> r = InputQuantizer.Round(c, inverse), s = InputQuantizer.Round(d, inverse);
            Vector256<sbyte> codes = Vector256.Narrow(Vector256.Narrow(p, q), Vector256.Narrow(r, s));
            Vector256.Shuffle(codes.AsByte(), WeightPacker.Order).Store((byte*)fours);
            for (int step = 0; step < ByteTile.Steps; step++, to += tokens)
                *to = fours[step];
            int sum = Vector256.Sum(p + q + r + s);
            *(float*)to = scale;
            *(float*)(to + tokens) = scale * sum;
            to[2 * tokens] = -sum;
            to += 3 * tokens;
        }
    }
}
