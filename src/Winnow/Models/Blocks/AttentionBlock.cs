using Winnow.Kernels.Linear;

namespace Winnow.Models.Blocks;

/// <summary>
/// Self-attention without its memory: projects queries, keys and values in one dispatch, normalises heads where the family does so, hands them to
/// the sequence, and projects what comes back.
/// </summary>
internal sealed class AttentionBlock
{
    /// <summary>Geometry, for the cache behind the door.</summary>
    public required AttentionShape Shape { get; init; }

    /// <summary>[queryHeads · headDim, width].</summary>
    public required Projection Query { get; init; }

    /// <summary>[kvHeads · headDim, width].</summary>
    public required Projection Key { get; init; }

    /// <summary>[kvHeads · headDim, width].</summary>
    public required Projection Value { get; init; }

    /// <summary>[width, queryHeads · headDim].</summary>
    public required Projection Output { get; init; }

    /// <summary>Normalisation of each query head, or null (QK-norm: Qwen 3, Gemma 3).</summary>
    public Norm? QueryNorm { get; init; }

    /// <summary>Normalisation of each key head, or null.</summary>
    public Norm? KeyNorm { get; init; }

    private bool NeedsRowWork => Query.Bias is not null || Key.Bias is not null || Value.Bias is not null || QueryNorm is not null;

    /// <summary>Reads <see cref="ForwardPass.Normed"/>, writes <see cref="ForwardPass.Branch"/>, where the output bias is still to be added.</summary>
    public void Apply(ForwardPass pass, int layer)
    {
        LinearKernel.Multiply(
            pass.Team, pass.Workspace, Query.Weight, Key.Weight, Value.Weight,
            pass.Normed, pass.Tokens, pass.Queries, pass.Keys, pass.Values, pass.Mode);
        if (NeedsRowWork)
            RowJob<RowWork>.Run(pass.Team, pass.Tokens, new RowWork(this, pass));
        pass.Attention.Attend(layer, pass.Queries, pass.Keys, pass.Values, pass.Tokens, pass.Attended);
        Output.Multiply(pass, pass.Attended, pass.Branch);
    }

    private readonly struct RowWork(AttentionBlock block, ForwardPass pass) : IRowWork
    {
        public void Run(int row)
        {
            block.Query.AddBias(pass.Queries, row);
            block.Key.AddBias(pass.Keys, row);
            block.Value.AddBias(pass.Values, row);
            NormHeads(block.QueryNorm, pass.Queries, row, block.Shape.QueryHeads, block.Shape.HeadDim);
            NormHeads(block.KeyNorm, pass.Keys, row, block.Shape.KvHeads, block.Shape.HeadDim);
        }

        private static void NormHeads(Norm? norm, Span<float> rows, int row, int heads, int headDim)
        {
            for (int head = row * heads; norm is not null && head < (row + 1) * heads; head++)
            {
                Span<float> values = rows.Slice(head * headDim, headDim);
                norm.Apply(values, values);
            }
        }
    }
}
