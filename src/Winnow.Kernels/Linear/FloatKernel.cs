using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Winnow.Kernels.Blocks;

namespace Winnow.Kernels.Linear;

/// <summary>
/// The product in float arithmetic, for weights stored as floats and for <see cref="ActivationMode.Float"/>. One token: each row's dot product.
/// Several: 16 rows
/// are decoded and interleaved into a panel [columns][16 rows], which all tokens pass, four at a time.
/// </summary>
internal static unsafe class FloatKernel
{
    /// <summary>Computes rows <paramref name="first"/> to <paramref name="end"/> − 1 for all tokens.</summary>
    public static void Multiply(in LinearPart part, in LinearInputs inputs, int first, int end, float* scratch)
    {
        if (inputs.Tokens < PanelTile.Tokens - 1)
        {
            MultiplyRows(part, inputs, first, end, scratch);
            return;
        }
        int stride = LinearWorkspace.RoundUp(inputs.Columns, 8);
        float* rowValues = scratch + PanelTile.Rows * stride;
        for (int row = first; row < end; row += PanelTile.Rows)
        {
            int rows = Math.Min(PanelTile.Rows, end - row);
            for (int half = 0; half < PanelTile.Rows; half += 8)
            {
                for (int i = 0; i < 8; i++)
                    Decode(part, row + Math.Min(half + i, rows - 1), inputs.Columns, rowValues + i * (nint)stride);
                PanelTile.TransposeEight(rowValues, stride, stride, scratch + half);
            }
            for (int token = 0; token < inputs.Tokens; token += PanelTile.Tokens)
                MultiplyTile(scratch, inputs, token, rows, part.Y + (nint)token * part.YStride + row, part.YStride);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void MultiplyRows(in LinearPart part, in LinearInputs inputs, int first, int end, float* scratch)
    {
        int columns = inputs.Columns;
        for (int r = first; r < end; r++)
        {
            byte* row = part.Weight + (nint)r * part.RowBytes;
            for (int t = 0; t < inputs.Tokens; t++)
            {
                float* x = inputs.X + (nint)t * columns;
                float sum;
                if (part.Type == TensorType.F16)
                    sum = Dot<Float16Row>(row, x, columns);
                else if (part.Type == TensorType.BF16)
                    sum = Dot<BrainFloatRow>(row, x, columns);
                else if (part.Type == TensorType.F32)
                    sum = Dot<Float32Row>(row, x, columns);
                else
                    sum = DecodedDot(part, r, x, columns, t == 0, scratch);
                part.Y[(nint)t * part.YStride + r] = sum;
            }
        }
    }

    private static float DecodedDot(in LinearPart part, int row, float* x, int columns, bool decode, float* scratch)
    {
        if (decode)
            Decode(part, row, columns, scratch);
        return Dot<Float32Row>((byte*)scratch, x, columns);
    }

    private static void Decode(in LinearPart part, int row, int columns, float* destination) =>
        Dequantizer.ToFloat(part.Type, new ReadOnlySpan<byte>(part.Weight + (nint)row * part.RowBytes, part.RowBytes), new Span<float>(destination, columns));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float Dot<TRow>(byte* row, float* x, int columns)
        where TRow : struct, IFloatRow
    {
        Vector256<float> s0 = default, s1 = default, s2 = default, s3 = default;
        int c = 0;
        for (; c <= columns - 32; c += 32)
        {
            s0 = Vector256.FusedMultiplyAdd(TRow.Load(row, c), Vector256.Load(x + c), s0);
            s1 = Vector256.FusedMultiplyAdd(TRow.Load(row, c + 8), Vector256.Load(x + c + 8), s1);
            s2 = Vector256.FusedMultiplyAdd(TRow.Load(row, c + 16), Vector256.Load(x + c + 16), s2);
            s3 = Vector256.FusedMultiplyAdd(TRow.Load(row, c + 24), Vector256.Load(x + c + 24), s3);
        }
        float sum = Vector256.Sum((s0 + s1) + (s2 + s3));
        for (; c < columns; c++)
            sum += TRow.At(row, c) * x[c];
        return sum;
    }

    /// <summary>16 rows × 4 tokens; a tile with fewer tokens repeats its last one.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void MultiplyTile(float* panel, in LinearInputs inputs, int token, int rows, float* y, int yStride)
    {
        int tokens = inputs.Tokens - token, columns = inputs.Columns;
        float* x0 = inputs.X + (nint)token * columns;
        float* x1 = tokens > 1 ? x0 + columns : x0, x2 = tokens > 2 ? x1 + columns : x0, x3 = tokens > 3 ? x2 + columns : x0;
        Vector256<float> y0 = default, y1 = default, y2 = default, y3 = default, z0 = default, z1 = default, z2 = default, z3 = default;
        for (int c = 0; c < columns; c++, panel += PanelTile.Rows)
        {
            Vector256<float> lower = Vector256.Load(panel), upper = Vector256.Load(panel + 8);
            Vector256<float> x = Vector256.Create(x0[c]);
            y0 = Vector256.FusedMultiplyAdd(lower, x, y0);
            z0 = Vector256.FusedMultiplyAdd(upper, x, z0);
            x = Vector256.Create(x1[c]);
            y1 = Vector256.FusedMultiplyAdd(lower, x, y1);
            z1 = Vector256.FusedMultiplyAdd(upper, x, z1);
            x = Vector256.Create(x2[c]);
            y2 = Vector256.FusedMultiplyAdd(lower, x, y2);
            z2 = Vector256.FusedMultiplyAdd(upper, x, z2);
            x = Vector256.Create(x3[c]);
            y3 = Vector256.FusedMultiplyAdd(lower, x, y3);
            z3 = Vector256.FusedMultiplyAdd(upper, x, z3);
        }
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
}
