using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Winnow.Kernels.Assembled;
using Winnow.Kernels.Simd;

namespace Winnow.Kernels.Linear;

/// <summary>
/// Rounds inputs to one byte: each 32-value group has the scale absmax / 127, kept as a 32-bit float. Codes go where the assembled product reads them: see
/// <see cref="ByteTile"/>. Runs where the assembled products do, so 512-bit vectors are there.
/// </summary>
internal readonly unsafe struct ByteQuantizer : ITokenRounding
{
    private readonly LinearInputs _inputs;

    public ByteQuantizer(in LinearInputs inputs) => _inputs = inputs;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Round(int first, int t, int tokens, int group, int end)
    {
        float* x = _inputs.X + (nint)(first + t) * _inputs.Columns + group * PackedTile.Columns;
        int* to = (int*)_inputs.ByteTiles.Record(first, tokens, group) + t;
        int* fours = stackalloc int[ByteTile.Steps];
        for (; group < end; group++, x += PackedTile.Columns)
        {
            Vector512<float> a = Vector512.Load(x), b = Vector512.Load(x + 16);
            float scale = FloatVector512.HorizontalMax(new(Vector512.Max(Vector512.Abs(a), Vector512.Abs(b)))) / 127, inverse = scale == 0 ? 0 : 1 / scale;
            // This conversion rounds to the nearest; the portable one cuts off and guards against what cannot happen here.
            Vector512<int> p = Avx512F.ConvertToVector512Int32(a * inverse), q = Avx512F.ConvertToVector512Int32(b * inverse);
            Vector256<sbyte> codes = Vector256.Create(Avx512F.ConvertToVector128SByte(p), Avx512F.ConvertToVector128SByte(q));
            Vector256.Shuffle(codes.AsByte(), PackedOrder.Fours).Store((byte*)fours);
            for (int step = 0; step < ByteTile.Steps; step++, to += tokens)
                *to = fours[step];
            int lower = Vector512.Sum(p), sum = lower + Vector512.Sum(q);
            *(float*)to = scale;
            *(float*)(to + tokens) = scale * sum;
            to[2 * tokens] = -sum;
            to[3 * tokens] = -lower;
            to += 4 * tokens;
        }
    }
}
