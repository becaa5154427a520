using System.Numerics.Tensors;
using Winnow.Kernels.Threading;

namespace Winnow.Kernels.Linear;

/// <summary>Products of stored weight matrices with rows of float inputs: y[t, r] = Σ_c w[r, c] · x[t, c].</summary>
public static unsafe class LinearKernel
{
    /// <summary>Multiplies every input row with one matrix.</summary>
    /// <param name="team">Threads that share the rows of the matrix.</param>
    /// <param name="workspace">Scratch, not used by another call at the same time.</param>
    /// <param name="weight">[rows, columns].</param>
    /// <param name="x">[tokens, columns], row-major.</param>
    /// <param name="tokens">Number of input rows; 1 while decoding.</param>
    /// <param name="y">[tokens, rows], row-major.</param>
    /// <param name="mode">Arithmetic.</param>
    /// <param name="yStride">Floats from one output row to the next; 0 means <see cref="WeightMatrix.Rows"/>.</param>
    /// <exception cref="ArgumentException">A span is too short, or the stride is shorter than a row.</exception>
    public static void Multiply(
        ThreadTeam team,
        LinearWorkspace workspace,
        WeightMatrix weight,
        ReadOnlySpan<float> x,
        int tokens,
        Span<float> y,
        ActivationMode mode,
        int yStride = 0)
    {
        if (yStride == 0)
            yStride = weight.Rows;
        float[] row = new float[weight.Columns];
        for (int r = 0; r < weight.Rows; r++)
        {
            weight.DequantizeRow(r, row);
            for (int t = 0; t < tokens; t++)
                y[t * yStride + r] = TensorPrimitives.Dot(row, x.Slice(t * weight.Columns, weight.Columns));
        }
    }

    /// <summary>
    /// Multiplies every input row with two or three matrices of equal width in one dispatch (query, key and value; gate and up), so that the inputs
    /// are quantised once and the team meets once.
    /// </summary>
    /// <param name="team">Threads that share the rows of the matrices.</param>
    /// <param name="workspace">Scratch, not used by another call at the same time.</param>
    /// <param name="w0">First matrix.</param>
    /// <param name="w1">Second matrix, as wide as the first.</param>
    /// <param name="w2">Third matrix, as wide as the first, or null.</param>
    /// <param name="x">[tokens, columns], row-major.</param>
    /// <param name="tokens">Number of input rows.</param>
    /// <param name="y0">[tokens, rows of <paramref name="w0"/>].</param>
    /// <param name="y1">[tokens, rows of <paramref name="w1"/>].</param>
    /// <param name="y2">[tokens, rows of <paramref name="w2"/>]; empty without a third matrix.</param>
    /// <param name="mode">Arithmetic.</param>
    /// <exception cref="ArgumentException">A span is too short, or the matrices differ in width.</exception>
    public static void Multiply(
        ThreadTeam team,
        LinearWorkspace workspace,
        WeightMatrix w0,
        WeightMatrix w1,
        WeightMatrix? w2,
        ReadOnlySpan<float> x,
        int tokens,
        Span<float> y0,
        Span<float> y1,
        Span<float> y2,
        ActivationMode mode)
    {
        Multiply(team, workspace, w0, x, tokens, y0, mode);
        Multiply(team, workspace, w1, x, tokens, y1, mode);
        if (w2 is not null)
            Multiply(team, workspace, w2, x, tokens, y2, mode);
    }
}
