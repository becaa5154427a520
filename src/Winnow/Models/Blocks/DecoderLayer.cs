namespace Winnow.Models.Blocks;

/// <summary>One transformer layer as its family wires it: which norms there are, and whether the two branches are parallel.</summary>
internal sealed class DecoderLayer
{
    /// <summary>Before attention.</summary>
    public required Norm AttentionNorm { get; init; }

    public required AttentionBlock Attention { get; init; }

    /// <summary>On attention's output, or null (Gemma 2 and 3).</summary>
    public Norm? PostAttentionNorm { get; init; }

    /// <summary>Before the feed-forward block.</summary>
    public required Norm FeedForwardNorm { get; init; }

    public required FeedForward FeedForward { get; init; }

    /// <summary>On the feed-forward block's output, or null (Gemma 2 and 3).</summary>
    public Norm? PostFeedForwardNorm { get; init; }

    /// <summary>Runs the layer on the residual stream.</summary>
    public void Apply(ForwardPass pass, int layer)
    {
        AttentionNorm.Apply(pass);
        Attention.Apply(pass, layer);
        if (pass.Config.ParallelResidual)
        {
            // Both branches read the stream as it was, so the second norm comes before the first sum.
            FeedForwardNorm.Apply(pass);
            Residual.Add(pass, Attention.Output, PostAttentionNorm);
        }
        else
        {
            Residual.Add(pass, Attention.Output, PostAttentionNorm);
            FeedForwardNorm.Apply(pass);
        }
        FeedForward.Apply(pass);
        Residual.Add(pass, FeedForward.Down, PostFeedForwardNorm);
    }
}
