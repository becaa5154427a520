using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Winnow.Kernels.Linear;

/// <summary>Shape of the register tile of the panel kernels, and moving data in and out of it.</summary>
internal static unsafe class PanelTile
{
    /// <summary>Rows of a panel: two vectors of eight lanes, a lane a row.</summary>
    public const int Rows = 16;

    /// <summary>Tokens of a tile: with 2 × 4 sums the latency of a multiply-add is hidden.</summary>
    public const int Tokens = 4;

    /// <summary>
    /// Transposes eight rows of eight 32-bit lanes: lane j of row i becomes lane i at <paramref name="destination"/> + 16 j, half a panel row.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreTransposed(
        Vector256<float> r0, Vector256<float> r1, Vector256<float> r2, Vector256<float> r3,
        Vector256<float> r4, Vector256<float> r5, Vector256<float> r6, Vector256<float> r7,
        float* destination)
    {
        (Vector256<float> a0, Vector256<float> a1, Vector256<float> a2, Vector256<float> a3) = TransposeHalves(r0, r1, r2, r3);
        (Vector256<float> b0, Vector256<float> b1, Vector256<float> b2, Vector256<float> b3) = TransposeHalves(r4, r5, r6, r7);
        Vector256.Create(a0.GetLower(), b0.GetLower()).Store(destination);
        Vector256.Create(a1.GetLower(), b1.GetLower()).Store(destination + Rows);
        Vector256.Create(a2.GetLower(), b2.GetLower()).Store(destination + 2 * Rows);
        Vector256.Create(a3.GetLower(), b3.GetLower()).Store(destination + 3 * Rows);
        Vector256.Create(a0.GetUpper(), b0.GetUpper()).Store(destination + 4 * Rows);
        Vector256.Create(a1.GetUpper(), b1.GetUpper()).Store(destination + 5 * Rows);
        Vector256.Create(a2.GetUpper(), b2.GetUpper()).Store(destination + 6 * Rows);
        Vector256.Create(a3.GetUpper(), b3.GetUpper()).Store(destination + 7 * Rows);
    }

    /// <summary>Transposes eight rows of floats, a multiple of eight long: column c goes to <paramref name="destination"/> + 16 c.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void TransposeEight(float* rows, int rowStride, int columns, float* destination)
    {
        nint stride = rowStride;
        for (int c = 0; c < columns; c += 8, rows += 8)
        {
            StoreTransposed(
                Vector256.Load(rows), Vector256.Load(rows + stride), Vector256.Load(rows + 2 * stride), Vector256.Load(rows + 3 * stride),
                Vector256.Load(rows + 4 * stride), Vector256.Load(rows + 5 * stride), Vector256.Load(rows + 6 * stride), Vector256.Load(rows + 7 * stride),
                destination + Rows * (nint)c);
        }
    }

    /// <summary>Copies the sums of a tile at the edge of the product, [tokens][16 rows], as far as there are rows and tokens.</summary>
    public static void CopyPart(float* tile, int rows, int tokens, float* y, int yStride)
    {
        for (int t = 0; t < Math.Min(tokens, Tokens); t++)
            new ReadOnlySpan<float>(tile + t * Rows, rows).CopyTo(new Span<float>(y + (nint)t * yStride, rows));
    }

    /// <summary>4 × 4 transposition within each 128-bit half.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static (Vector256<float> C0, Vector256<float> C1, Vector256<float> C2, Vector256<float> C3) TransposeHalves(
        Vector256<float> r0, Vector256<float> r1, Vector256<float> r2, Vector256<float> r3)
    {
        Vector256<double> lower01 = Interleave(r0, r1, upper: false), upper01 = Interleave(r0, r1, upper: true);
        Vector256<double> lower23 = Interleave(r2, r3, upper: false), upper23 = Interleave(r2, r3, upper: true);
        return (
            Interleave(lower01, lower23, upper: false).AsSingle(), Interleave(lower01, lower23, upper: true).AsSingle(),
            Interleave(upper01, upper23, upper: false).AsSingle(), Interleave(upper01, upper23, upper: true).AsSingle());
    }

    /// <summary>Pairs of 32-bit lanes of a and b, from the lower or upper half of each 128 bits.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<double> Interleave(Vector256<float> a, Vector256<float> b, bool upper)
    {
        if (Avx.IsSupported)
            return (upper ? Avx.UnpackHigh(a, b) : Avx.UnpackLow(a, b)).AsDouble();
        int at = upper ? 2 : 0;
        return Vector256.Create(a[at], b[at], a[at + 1], b[at + 1], a[at + 4], b[at + 4], a[at + 5], b[at + 5]).AsDouble();
    }

    /// <summary>64-bit lanes of a and b, from the lower or upper half of each 128 bits.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<double> Interleave(Vector256<double> a, Vector256<double> b, bool upper)
    {
        if (Avx.IsSupported)
            return upper ? Avx.UnpackHigh(a, b) : Avx.UnpackLow(a, b);
        int at = upper ? 1 : 0;
        return Vector256.Create(a[at], b[at], a[at + 2], b[at + 2]);
    }
}
