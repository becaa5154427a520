namespace Winnow.Caching;

/// <summary>
/// A policy that gives every entry of a prompt one score and keeps the best. What is generated stays. Only the score differs from policy to policy; how many
/// entries a layer may keep (<see cref="Layers"/>) and how a layer's lanes share them (<see cref="Selection"/>) can be exchanged, which is what wrappers do.
/// </summary>
/// <param name="keep">Entries of a lane after compression, a mean over lanes.</param>
public abstract class ScoringPolicy(Budget keep) : CachePolicy
{
    /// <summary>What may stay.</summary>
    public Budget Keep => keep;

    /// <summary>How the layers share the budget; alike unless overridden.</summary>
    public virtual LayerBudgets Layers => LayerBudgets.Uniform;

    /// <summary>How a layer's entries are chosen by their scores; the best of each lane unless overridden.</summary>
    public virtual EntrySelection Selection => EntrySelection.BestOfLane;

    /// <summary>Starts scoring for one sequence.</summary>
    public abstract EntryScorer CreateScorer();

    /// <inheritdoc/>
    public override CacheSession? Start() => keep.IsUnlimited ? null : new ScoringSession(this, CreateScorer());
}

/// <summary>Scores the entries of one sequence.</summary>
public abstract class EntryScorer
{
    /// <summary>Bytes of what the scorer remembers of a prompt while it is read.</summary>
    public virtual long StateBytes => 0;

    /// <summary>New tokens are about to pass a layer; see <see cref="CacheSession.ObserveQueries"/>.</summary>
    public virtual void ObserveQueries(LayerCache layer, ReadOnlySpan<float> queries, int tokens)
    {
    }

    /// <summary>Scores every entry of a lane once the prompt has passed the layer.</summary>
    /// <param name="layer">The layer.</param>
    /// <param name="kvHead">The lane.</param>
    /// <param name="budget">Entries that the lane will keep, or their mean over the layer's lanes; below the lane's length.</param>
    /// <param name="scores">[lane length]: the highest stay; +∞ for an entry that must stay.</param>
    public abstract void Score(LayerCache layer, int kvHead, int budget, Span<float> scores);

    /// <summary>The entries of a layer have been chosen, if there was anything to choose; what was remembered for it may go.</summary>
    public virtual void Finish(LayerCache layer)
    {
    }

    /// <summary>A scorer that continues on a fork of the sequence; itself when it remembers nothing.</summary>
    public virtual EntryScorer Fork() => this;
}

/// <summary>A scoring policy at work.</summary>
internal sealed class ScoringSession(ScoringPolicy policy, EntryScorer scorer) : CacheSession
{
    private readonly SelectionBuffers _buffers = new();

    public override long StateBytes => scorer.StateBytes;

    public override CacheSession Fork() => new ScoringSession(policy, scorer.Fork());

    public override void ObserveQueries(LayerCache layer, ReadOnlySpan<float> queries, int tokens) => scorer.ObserveQueries(layer, queries, tokens);

    public override void AfterChunk(LayerCache layer, bool last)
    {
        if (!last)
            return;
        policy.Selection.Compress(layer, scorer, policy.Layers.Of(layer, layer.Resolve(policy.Keep, layer.PromptLength, 2)), _buffers);
        scorer.Finish(layer);
    }
}
