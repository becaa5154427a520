using Winnow.Kernels.Elementwise;
using Winnow.Kernels.Memory;
using Winnow.Kernels.Simd;

namespace Winnow.Kernels.Attention;

/// <summary>
/// Rotary embedding by place in the cache instead of by place in the text ("rolling" positions of StreamingLLM, arXiv 2309.17453, and of H2O's streaming mode):
/// keys are stored unrotated and turned by their rank among the live entries whenever they are read. Tables lie pair by pair, so that a run of
/// consecutive ranks is one vector load.
/// </summary>
public sealed unsafe class RankRotation : IDisposable
{
    private readonly RotaryTable _table;
    private readonly RotaryStyle _style;
    private readonly NativeBuffer<float> _cos = new();
    private readonly NativeBuffer<float> _sin = new();
    private int _ranks;

    /// <summary>Prepares rotation with a model's own angles.</summary>
    public RankRotation(RotaryTable table, RotaryStyle style)
    {
        _table = table;
        _style = style;
    }

    private int Pairs => _table.RotaryDimension / 2;

    /// <summary>Makes ranks 0 to <paramref name="count"/> − 1 available. Not safe while a kernel runs.</summary>
    public void EnsureRanks(int count)
    {
        if (count <= _ranks)
            return;
        int ranks = (Math.Max(count, _ranks * 2) + 63) / 64 * 64;
        _table.EnsurePositions(ranks);
        _cos.EnsureLength(checked(ranks * Pairs));
        _sin.EnsureLength(ranks * Pairs);
        for (int rank = 0; rank < ranks; rank++)
        {
            ReadOnlySpan<float> cos = _table.CosForPosition(rank), sin = _table.SinForPosition(rank);
            for (int pair = 0; pair < cos.Length; pair++)
            {
                _cos.Pointer[pair * ranks + rank] = cos[pair];
                _sin.Pointer[pair * ranks + rank] = sin[pair];
            }
        }

        _ranks = ranks;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _cos.Dispose();
        _sin.Dispose();
    }

    internal void TurnQuery(float* head, int rank)
    {
        for (int pair = 0; pair < Pairs; pair++)
        {
            float* a = head + First(pair), b = head + Second(pair);
            (float cos, float sin) = (_cos.Pointer[pair * _ranks + rank], _sin.Pointer[pair * _ranks + rank]);
            (*a, *b) = (*a * cos - *b * sin, *b * cos + *a * sin);
        }
    }

    /// <summary>Turns the keys of one page, [headDim, 64], by the rank of each of its first <paramref name="entries"/> entries.</summary>
    internal void TurnKeys<TVector>(float* keys, int* ranks, int entries)
        where TVector : unmanaged, IFloatVector<TVector>
    {
        TVector minusOne = TVector.Splat(-1);
        for (int entry = 0; entry < entries;)
        {
            int run = entry + TVector.Count <= entries && ranks[entry + TVector.Count - 1] - ranks[entry] == TVector.Count - 1
                && IsRun(ranks + entry, TVector.Count) ? TVector.Count : 1;
            for (int pair = 0; pair < Pairs; pair++)
            {
                float* a = keys + First(pair) * PageFormat.Entries + entry, b = keys + Second(pair) * PageFormat.Entries + entry;
                float* cos = _cos.Pointer + pair * _ranks + ranks[entry], sin = _sin.Pointer + pair * _ranks + ranks[entry];
                if (run == 1)
                {
                    (*a, *b) = (*a * *cos - *b * *sin, *b * *cos + *a * *sin);
                    continue;
                }

                (TVector x, TVector y, TVector c, TVector s) = (TVector.Load(a), TVector.Load(b), TVector.Load(cos), TVector.Load(sin));
                TVector.Store(TVector.MultiplyAdd(TVector.Multiply(minusOne, y), s, TVector.Multiply(x, c)), a);
                TVector.Store(TVector.MultiplyAdd(x, s, TVector.Multiply(y, c)), b);
            }

            entry += run;
        }
    }

    private static bool IsRun(int* ranks, int count)
    {
        for (int i = 1; i < count; i++)
        {
            if (ranks[i] != ranks[0] + i)
                return false;
        }

        return true;
    }

    private int First(int pair) => _style == RotaryStyle.Half ? pair : 2 * pair;

    private int Second(int pair) => _style == RotaryStyle.Half ? pair + Pairs : 2 * pair + 1;
}
