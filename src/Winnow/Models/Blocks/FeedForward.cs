namespace Winnow.Models.Blocks;

/// <summary>The position-wise block of a layer.</summary>
internal abstract class FeedForward
{
    /// <summary>
    /// Reads <see cref="ForwardPass.Normed"/>, writes <see cref="ForwardPass.Branch"/>, where the bias of <see cref="Down"/> is still to be added.
    /// </summary>
    public abstract void Apply(ForwardPass pass);

    /// <summary>[width, feedForwardWidth].</summary>
    public abstract Projection Down { get; }
}
