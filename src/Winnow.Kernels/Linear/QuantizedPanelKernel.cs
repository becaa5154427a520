using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Winnow.Kernels.Linear.Formats;

namespace Winnow.Kernels.Linear;

/// <summary>
/// The product for many tokens, bound by multiplying: 16 rows at a time are unpacked once into a panel that stays in the first cache while all tokens
/// pass by, four at a time.
/// </summary>
/// <remarks>
/// A panel interleaves its rows by four columns, [columns / 4][16 rows][4 codes], so that a 32-bit lane is a row: one step multiplies eight rows with four
/// inputs broadcast to all lanes, sums need no reduction across lanes, and scales are applied once a group to eight rows at a time.
/// </remarks>
internal static unsafe class QuantizedPanelKernel<TFormat>
    where TFormat : struct, IBlockFormat
{
    /// <summary>Computes rows <paramref name="first"/> to <paramref name="end"/> − 1 for all tokens.</summary>
    public static void Multiply(in LinearPart part, in LinearInputs inputs, int first, int end, float* scratch)
    {
        InputGroups groups = inputs.Groups(TFormat.GroupLength);
        Panel panel = new(scratch, groups.Stride);
        for (int row = first; row < end; row += PanelTile.Rows)
        {
            int rows = Math.Min(PanelTile.Rows, end - row);
            Pack(panel, part.Weight + (nint)row * part.RowBytes, part.RowBytes, rows, inputs.Columns, groups.Stride);
            for (int token = 0; token < inputs.Tokens; token += PanelTile.Tokens)
                MultiplyTile(panel, inputs, groups, token, rows, part.Y + (nint)token * part.YStride + row, part.YStride);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Pack(Panel panel, byte* weight, int rowBytes, int rows, int columns, int stride)
    {
        byte** row = stackalloc byte*[PanelTile.Rows];
        for (int i = 0; i < PanelTile.Rows; i++)
        {
            // Rows that only fill the panel repeat the last one and are not stored.
            row[i] = weight + (nint)Math.Min(i, rows - 1) * rowBytes;
            TFormat.RowScales(row[i], columns, panel.RowScales + i * (nint)stride, panel.RowMinima + i * (nint)stride);
        }
        for (int half = 0; half < PanelTile.Rows; half += 8)
        {
            PanelTile.TransposeEight(panel.RowScales + half * (nint)stride, stride, stride, panel.Scales + half);
            if (TFormat.HasMinimum)
                PanelTile.TransposeEight(panel.RowMinima + half * (nint)stride, stride, stride, panel.Minima + half);
            for (int i = 0; i < columns / 32; i++)
            {
                int partsInBlock = TFormat.BlockLength / 32;
                nint at = (nint)(i / partsInBlock) * TFormat.BlockBytes;
                int p = i % partsInBlock;
                PanelTile.StoreTransposed(
                    TFormat.Codes(row[half] + at, p).AsSingle(), TFormat.Codes(row[half + 1] + at, p).AsSingle(),
                    TFormat.Codes(row[half + 2] + at, p).AsSingle(), TFormat.Codes(row[half + 3] + at, p).AsSingle(),
                    TFormat.Codes(row[half + 4] + at, p).AsSingle(), TFormat.Codes(row[half + 5] + at, p).AsSingle(),
                    TFormat.Codes(row[half + 6] + at, p).AsSingle(), TFormat.Codes(row[half + 7] + at, p).AsSingle(),
                    (float*)panel.Codes + 8 * PanelTile.Rows * (nint)i + half);
            }
        }
    }

    /// <summary>16 rows × 4 tokens; tokens past the last are computed on whatever the padding holds and not stored.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void MultiplyTile(in Panel panel, in LinearInputs inputs, in InputGroups groups, int token, int rows, float* y, int yStride)
    {
        nint columns = inputs.Columns, stride = groups.Stride;
        sbyte* high = inputs.High + token * columns, low = inputs.Low + token * columns;
        byte* codes = panel.Codes;
        float* scales = panel.Scales, minima = panel.Minima;
        nint at = token * stride;
        Vector256<float> y0 = default, y1 = default, y2 = default, y3 = default, z0 = default, z1 = default, z2 = default, z3 = default;
        for (sbyte* last = high + columns; high < last; at++)
        {
            Vector256<int> s0 = default, s1 = default, s2 = default, s3 = default, t0 = default, t1 = default, t2 = default, t3 = default;
            AddGroup(codes, high, columns, ref s0, ref s1, ref s2, ref s3, ref t0, ref t1, ref t2, ref t3);
            Vector256<int> u0 = default, u1 = default, u2 = default, u3 = default, v0 = default, v1 = default, v2 = default, v3 = default;
            AddGroup(codes, low, columns, ref u0, ref u1, ref u2, ref u3, ref v0, ref v1, ref v2, ref v3);
            Scale(groups, at, scales, minima, ByteDot.Join<TFormat>(s0, u0), ByteDot.Join<TFormat>(t0, v0), ref y0, ref z0);
            Scale(groups, at + stride, scales, minima, ByteDot.Join<TFormat>(s1, u1), ByteDot.Join<TFormat>(t1, v1), ref y1, ref z1);
            Scale(groups, at + 2 * stride, scales, minima, ByteDot.Join<TFormat>(s2, u2), ByteDot.Join<TFormat>(t2, v2), ref y2, ref z2);
            Scale(groups, at + 3 * stride, scales, minima, ByteDot.Join<TFormat>(s3, u3), ByteDot.Join<TFormat>(t3, v3), ref y3, ref z3);
            high += TFormat.GroupLength;
            low += TFormat.GroupLength;
            codes += TFormat.GroupLength * PanelTile.Rows;
            scales += PanelTile.Rows;
            minima += PanelTile.Rows;
        }
        int tokens = inputs.Tokens - token;
        // No call may follow while the sums are in registers: the compiler would keep them in memory for the whole loop.
        bool whole = rows == PanelTile.Rows && tokens >= PanelTile.Tokens;
        float* all = stackalloc float[PanelTile.Rows * PanelTile.Tokens];
        float* to = whole ? y : all;
        nint toStride = whole ? yStride : PanelTile.Rows;
        y0.Store(to);
        z0.Store(to + 8);
        y1.Store(to + toStride);
        z1.Store(to + toStride + 8);
        y2.Store(to + 2 * toStride);
        z2.Store(to + 2 * toStride + 8);
        y3.Store(to + 3 * toStride);
        z3.Store(to + 3 * toStride + 8);
        if (!whole)
            PanelTile.CopyPart(all, rows, tokens, y, yStride);
    }

    /// <summary>Multiplies one group of the panel with one byte of four tokens' inputs.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void AddGroup(
        byte* codes, sbyte* x, nint columns,
        ref Vector256<int> s0, ref Vector256<int> s1, ref Vector256<int> s2, ref Vector256<int> s3,
        ref Vector256<int> t0, ref Vector256<int> t1, ref Vector256<int> t2, ref Vector256<int> t3)
    {
        for (sbyte* end = x + TFormat.GroupLength; x < end; x += 4, codes += 4 * PanelTile.Rows)
        {
            Vector256<byte> lower = Vector256.Load(codes), upper = Vector256.Load(codes + 32);
            Vector256<sbyte> input = Vector256.Create(*(int*)x).AsSByte();
            s0 = ByteDot.Add<TFormat>(s0, lower, input);
            t0 = ByteDot.Add<TFormat>(t0, upper, input);
            input = Vector256.Create(*(int*)(x + columns)).AsSByte();
            s1 = ByteDot.Add<TFormat>(s1, lower, input);
            t1 = ByteDot.Add<TFormat>(t1, upper, input);
            input = Vector256.Create(*(int*)(x + 2 * columns)).AsSByte();
            s2 = ByteDot.Add<TFormat>(s2, lower, input);
            t2 = ByteDot.Add<TFormat>(t2, upper, input);
            input = Vector256.Create(*(int*)(x + 3 * columns)).AsSByte();
            s3 = ByteDot.Add<TFormat>(s3, lower, input);
            t3 = ByteDot.Add<TFormat>(t3, upper, input);
        }
    }

    /// <summary>Adds one group of one token: weight scale · (input scale · dot − centre · sum), or weight scale · input scale · dot + minimum · sum.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Scale(
        in InputGroups groups, nint at, float* scales, float* minima, Vector256<float> lower, Vector256<float> upper, ref Vector256<float> y, ref Vector256<float> z)
    {
        Vector256<float> inputScale = Vector256.Create(groups.Scales[at]), sum = Vector256.Create(groups.Sums[at]);
        if (TFormat.HasMinimum)
        {
            lower *= inputScale;
            upper *= inputScale;
            y = Vector256.FusedMultiplyAdd(Vector256.Load(minima), sum, y);
            z = Vector256.FusedMultiplyAdd(Vector256.Load(minima + 8), sum, z);
        }
        else
        {
            Vector256<float> centre = sum * -ByteDot.Centre<TFormat>();
            lower = Vector256.FusedMultiplyAdd(lower, inputScale, centre);
            upper = Vector256.FusedMultiplyAdd(upper, inputScale, centre);
        }
        y = Vector256.FusedMultiplyAdd(Vector256.Load(scales), lower, y);
        z = Vector256.FusedMultiplyAdd(Vector256.Load(scales + 8), upper, z);
    }

    /// <summary>Where the parts of a panel lie in a worker's scratch.</summary>
    private readonly struct Panel
    {
        public readonly float* Scales;
        public readonly float* Minima;
        public readonly float* RowScales;
        public readonly float* RowMinima;
        public readonly byte* Codes;

        public Panel(float* scratch, int stride)
        {
            int plane = PanelTile.Rows * stride;
            Scales = scratch;
            Minima = scratch + plane;
            RowScales = scratch + 2 * plane;
            RowMinima = scratch + 3 * plane;
            Codes = (byte*)(scratch + 4 * plane);
        }
    }
}
