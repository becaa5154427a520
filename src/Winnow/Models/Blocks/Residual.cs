using System.Numerics.Tensors;

namespace Winnow.Models.Blocks;

/// <summary>Adds a block's output to the residual stream, normalised first where the family does so (Gemma 2 and 3).</summary>
internal static class Residual
{
    /// <summary>hidden += norm(branch + bias of its last projection).</summary>
    public static void Add(ForwardPass pass, Projection last, Norm? norm) =>
        RowJob<RowWork>.Run(pass.Team, pass.Tokens, new RowWork(pass, last, norm));

    private readonly struct RowWork(ForwardPass pass, Projection last, Norm? norm) : IRowWork
    {
        public void Run(int row)
        {
            int width = pass.Config.Width;
            Span<float> branch = pass.Branch.Slice(row * width, width), hidden = pass.Hidden.Slice(row * width, width);
            last.AddBias(pass.Branch, row);
            norm?.Apply(branch, branch);
            TensorPrimitives.Add(hidden, branch, hidden);
        }
    }
}
