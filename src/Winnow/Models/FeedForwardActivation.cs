namespace Winnow.Models;

/// <summary>Non-linearity of a feed-forward block.</summary>
public enum FeedForwardActivation
{
    /// <summary>x·σ(x), also called swish.</summary>
    Silu,

    /// <summary>Gaussian error linear unit in its tanh approximation.</summary>
    GeluTanh,

    /// <summary>Gaussian error linear unit with the exact error function.</summary>
    GeluErf,

    /// <summary>max(0, x).</summary>
    Relu,
}
