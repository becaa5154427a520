using Winnow.Kernels.Elementwise;
using Winnow.Kernels.Linear;

namespace Winnow.Models.Blocks;

/// <summary>down(act(gate(x)) · up(x)): SwiGLU and GeGLU (arXiv:2002.05202). Gate and up are projected in one dispatch.</summary>
internal sealed class GatedFeedForward(Projection gate, Projection up, Projection down, FeedForwardActivation activation) : FeedForward
{
    public override Projection Down => down;

    public override void Apply(ForwardPass pass)
    {
        LinearKernel.Multiply(
            pass.Team, pass.Workspace, gate.Weight, up.Weight, null, pass.Normed, pass.Tokens, pass.Gate, pass.Up, default, pass.Mode);
        RowJob<RowWork>.Run(pass.Team, pass.Tokens, new RowWork(pass, gate, up, activation));
        down.Multiply(pass, pass.Gate, pass.Branch);
    }

    private readonly struct RowWork(ForwardPass pass, Projection gate, Projection up, FeedForwardActivation activation) : IRowWork
    {
        public void Run(int row)
        {
            gate.AddBias(pass.Gate, row);
            up.AddBias(pass.Up, row);
            int width = pass.Config.FeedForwardWidth;
            Span<float> gated = pass.Gate.Slice(row * width, width);
            ReadOnlySpan<float> factor = pass.Up.Slice(row * width, width);
            if (activation == FeedForwardActivation.Silu)
                Activations.SiluMultiply(gated, factor, gated);
            else
                Activations.GeluTanhMultiply(gated, factor, gated);
        }
    }
}
