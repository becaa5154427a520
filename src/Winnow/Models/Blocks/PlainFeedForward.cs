using Winnow.Kernels.Elementwise;

namespace Winnow.Models.Blocks;

/// <summary>down(act(up(x) + b)) + b: the block of the first transformers (OPT, GPT-NeoX).</summary>
internal sealed class PlainFeedForward(Projection up, Projection down, FeedForwardActivation activation) : FeedForward
{
    public override Projection Down => down;

    public override void Apply(ForwardPass pass)
    {
        up.Multiply(pass, pass.Normed, pass.Gate);
        RowJob<RowWork>.Run(pass.Team, pass.Tokens, new RowWork(pass, up, activation));
        down.Multiply(pass, pass.Gate, pass.Branch);
    }

    private readonly struct RowWork(ForwardPass pass, Projection up, FeedForwardActivation activation) : IRowWork
    {
        public void Run(int row)
        {
            up.AddBias(pass.Gate, row);
            int width = pass.Config.FeedForwardWidth;
            Span<float> values = pass.Gate.Slice(row * width, width);
            switch (activation)
            {
                case FeedForwardActivation.Relu:
                    Activations.Relu(values, values);
                    break;
                case FeedForwardActivation.GeluErf:
                    Activations.GeluErf(values, values);
                    break;
                case FeedForwardActivation.GeluTanh:
                    Activations.GeluTanh(values, values);
                    break;
                default:
                    throw new InvalidOperationException($"{activation} is checked when the model is loaded");
            }
        }
    }
}
