using Winnow.Kernels.Elementwise;

namespace Winnow.Models.Blocks;

/// <summary>Normalisation of a row: root mean square (arXiv:1910.07467), or LayerNorm with a bias (arXiv:1607.06450).</summary>
/// <param name="weight">Gain of each channel.</param>
/// <param name="bias">LayerNorm's shift of each channel; null for RMSNorm.</param>
/// <param name="epsilon">Small constant under the root.</param>
internal sealed class Norm(float[] weight, float[]? bias, float epsilon)
{
    /// <summary>Normalises one row; input and output may be the same.</summary>
    public void Apply(ReadOnlySpan<float> x, Span<float> y)
    {
        if (bias is null)
            Normalization.RmsNorm(x, weight, epsilon, y);
        else
            Normalization.LayerNorm(x, weight, bias, epsilon, y);
    }

    /// <summary>Normalises the residual stream into <see cref="ForwardPass.Normed"/>.</summary>
    public void Apply(ForwardPass pass) => RowJob<RowWork>.Run(pass.Team, pass.Tokens, new RowWork(this, pass));

    private readonly struct RowWork(Norm norm, ForwardPass pass) : IRowWork
    {
        public void Run(int row)
        {
            int width = pass.Config.Width;
            norm.Apply(pass.Hidden.Slice(row * width, width), pass.Normed.Slice(row * width, width));
        }
    }
}
