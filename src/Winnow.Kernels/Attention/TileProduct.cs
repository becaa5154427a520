using System.Runtime.CompilerServices;
using Winnow.Kernels.Simd;

namespace Winnow.Kernels.Attention;

/// <summary>A number known when the code is compiled, so that a loop over it is unrolled and unused accumulators vanish.</summary>
internal interface ICount
{
    static abstract int Value { get; }
}

internal readonly struct One : ICount
{
    public static int Value => 1;
}

internal readonly struct Two : ICount
{
    public static int Value => 2;
}

internal readonly struct Three : ICount
{
    public static int Value => 3;
}

internal readonly struct Four : ICount
{
    public static int Value => 4;
}

/// <summary>
/// C (+)= A·B for one tile, the only arithmetic of cached attention: with A = queries and B = keys it gives scores, with A = probabilities and
/// B = values it gives outputs. Accumulators stay in registers over the whole depth; each element of B is loaded and converted once for up to four rows.
/// </summary>
internal static unsafe class TileProduct
{
    /// <summary>Computes all rows and columns.</summary>
    /// <param name="a">[rows, depth], row stride <paramref name="lda"/>.</param>
    /// <param name="lda">Row stride of A.</param>
    /// <param name="b">[depth, columns].</param>
    /// <param name="rows">Rows of A and C.</param>
    /// <param name="depth">Columns of A and rows of B.</param>
    /// <param name="columns">A multiple of the vector width.</param>
    /// <param name="c">[rows, columns], row stride <paramref name="ldc"/>.</param>
    /// <param name="ldc">Row stride of C.</param>
    /// <param name="accumulate">Adds to C instead of overwriting it.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Multiply<TVector, TLoader>(
        float* a, int lda, TLoader b, int rows, int depth, int columns, float* c, int ldc, bool accumulate)
        where TVector : unmanaged, IFloatVector<TVector>
        where TLoader : struct, ITileLoader<TVector>
    {
        int row = 0;
        for (; row + 4 <= rows; row += 4)
            Columns<TVector, TLoader, Four>(a + row * lda, lda, b, depth, columns, c + row * ldc, ldc, accumulate);
        float* restA = a + row * lda;
        float* restC = c + row * ldc;
        switch (rows - row)
        {
            case 3:
                Columns<TVector, TLoader, Three>(restA, lda, b, depth, columns, restC, ldc, accumulate);
                break;
            case 2:
                Columns<TVector, TLoader, Two>(restA, lda, b, depth, columns, restC, ldc, accumulate);
                break;
            case 1:
                Columns<TVector, TLoader, One>(restA, lda, b, depth, columns, restC, ldc, accumulate);
                break;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Columns<TVector, TLoader, TRows>(
        float* a, int lda, TLoader b, int depth, int columns, float* c, int ldc, bool accumulate)
        where TVector : unmanaged, IFloatVector<TVector>
        where TLoader : struct, ITileLoader<TVector>
        where TRows : struct, ICount
    {
        int column = 0;
        if (TVector.Count == 16)
        {
            // 512-bit machines have 32 registers: 16 accumulators, 4 of B and one of A fit.
            for (; column + 4 * TVector.Count <= columns; column += 4 * TVector.Count)
                Block<TVector, TLoader, TRows, Four>(a, lda, b, depth, column, c, ldc, accumulate);
        }

        for (; column + 2 * TVector.Count <= columns; column += 2 * TVector.Count)
            Block<TVector, TLoader, TRows, Two>(a, lda, b, depth, column, c, ldc, accumulate);
        for (; column < columns; column += TVector.Count)
            Block<TVector, TLoader, TRows, One>(a, lda, b, depth, column, c, ldc, accumulate);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Block<TVector, TLoader, TRows, TColumns>(
        float* a, int lda, TLoader b, int depth, int column, float* c, int ldc, bool accumulate)
        where TVector : unmanaged, IFloatVector<TVector>
        where TLoader : struct, ITileLoader<TVector>
        where TRows : struct, ICount
        where TColumns : struct, ICount
    {
        Accumulators<TVector, TColumns> r0 = default, r1 = default, r2 = default, r3 = default;
        for (int k = 0; k < depth; k++)
        {
            TVector b0 = b.Load(k, column);
            TVector b1 = TColumns.Value > 1 ? b.Load(k, column + TVector.Count) : default;
            TVector b2 = TColumns.Value > 2 ? b.Load(k, column + 2 * TVector.Count) : default;
            TVector b3 = TColumns.Value > 3 ? b.Load(k, column + 3 * TVector.Count) : default;
            r0.Add(a[k], b0, b1, b2, b3);
            if (TRows.Value > 1)
                r1.Add(a[lda + k], b0, b1, b2, b3);
            if (TRows.Value > 2)
                r2.Add(a[2 * lda + k], b0, b1, b2, b3);
            if (TRows.Value > 3)
                r3.Add(a[3 * lda + k], b0, b1, b2, b3);
        }

        r0.Store(c + column, accumulate);
        if (TRows.Value > 1)
            r1.Store(c + ldc + column, accumulate);
        if (TRows.Value > 2)
            r2.Store(c + 2 * ldc + column, accumulate);
        if (TRows.Value > 3)
            r3.Store(c + 3 * ldc + column, accumulate);
    }

    /// <summary>One row of accumulators; the compiler keeps its fields in registers.</summary>
    private struct Accumulators<TVector, TColumns>
        where TVector : unmanaged, IFloatVector<TVector>
        where TColumns : struct, ICount
    {
        private TVector _c0, _c1, _c2, _c3;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Add(float a, TVector b0, TVector b1, TVector b2, TVector b3)
        {
            TVector factor = TVector.Splat(a);
            _c0 = TVector.MultiplyAdd(factor, b0, _c0);
            if (TColumns.Value > 1)
                _c1 = TVector.MultiplyAdd(factor, b1, _c1);
            if (TColumns.Value > 2)
                _c2 = TVector.MultiplyAdd(factor, b2, _c2);
            if (TColumns.Value > 3)
                _c3 = TVector.MultiplyAdd(factor, b3, _c3);
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public readonly void Store(float* destination, bool accumulate)
        {
            Store(_c0, destination, accumulate);
            if (TColumns.Value > 1)
                Store(_c1, destination + TVector.Count, accumulate);
            if (TColumns.Value > 2)
                Store(_c2, destination + 2 * TVector.Count, accumulate);
            if (TColumns.Value > 3)
                Store(_c3, destination + 3 * TVector.Count, accumulate);
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private static void Store(TVector value, float* destination, bool accumulate) =>
            TVector.Store(accumulate ? TVector.Add(TVector.Load(destination), value) : value, destination);
    }
}
