namespace Winnow.Caching;

/// <summary>
/// A policy at work on one sequence. The engine calls it layer by layer; it answers by editing the layer's lanes (keep these slots, remove this one, read only
/// those). Edits take effect at once; memory is the lanes' business. Sessions of different sequences that step together may be called at the same time, on
/// different threads; one session never is. What they share must not change.
/// </summary>
public abstract class CacheSession
{
    private const int DefaultGuide = 64;

    /// <summary>Bytes of keys and values that the policy holds in a form of its own.</summary>
    public virtual long SegmentBytes => 0;

    /// <summary>Bytes of what else the policy remembers for each entry or query, outside the store.</summary>
    public virtual long StateBytes => 0;

    /// <summary>New tokens of a prompt are about to pass a layer. Called when <see cref="PolicyNeeds.RawQueries"/> is set.</summary>
    /// <param name="layer">The layer, before the tokens' entries are appended.</param>
    /// <param name="queries">[tokens, queryHeads, headDim], not rotated.</param>
    /// <param name="tokens">Tokens of the pass.</param>
    public virtual void ObserveQueries(LayerCache layer, ReadOnlySpan<float> queries, int tokens)
    {
    }

    /// <summary>A token being generated has been appended to a layer; its attention comes next.</summary>
    public virtual void BeforeAttention(LayerCache layer)
    {
    }

    /// <summary>
    /// The attention of a pass over the layer's pages is done; a policy that holds further entries joins them to it. Called when
    /// <see cref="PolicyNeeds.Segments"/> is set.
    /// </summary>
    /// <param name="layer">The layer.</param>
    /// <param name="queries">[tokens, queryHeads, headDim], rotated.</param>
    /// <param name="tokens">Tokens of the pass.</param>
    /// <param name="output">[tokens, queryHeads, headDim]: attention over the pages; to be combined with the rest.</param>
    /// <param name="logSumExp">[tokens, queryHeads]: natural logarithm of the sum of exponentials over the pages, −∞ where nothing was seen.</param>
    public virtual void AttendSegments(LayerCache layer, ReadOnlySpan<float> queries, int tokens, Span<float> output, ReadOnlySpan<float> logSumExp)
    {
    }

    /// <summary>A chunk of a prompt has passed a layer.</summary>
    /// <param name="layer">The layer.</param>
    /// <param name="last">Whether this was the prompt's last chunk.</param>
    public virtual void AfterChunk(LayerCache layer, bool last)
    {
    }

    /// <summary>A whole prompt has passed every layer, and has been replayed where <see cref="PolicyNeeds.Replay"/> asks for it.</summary>
    /// <param name="layers">All layers.</param>
    public virtual void AfterPrompt(IReadOnlyList<LayerCache> layers)
    {
    }

    /// <summary>A token being generated has passed a layer.</summary>
    public virtual void AfterStep(LayerCache layer)
    {
    }

    /// <summary>How many of a prompt's last tokens guide the reading when the caller did not say where the question begins.</summary>
    /// <param name="layer">The first layer, for budgets.</param>
    /// <param name="promptTokens">Tokens of the prompt.</param>
    public virtual int GuideTokens(LayerCache layer, int promptTokens) => Math.Min(DefaultGuide, promptTokens / 4);

    /// <summary>How many document tokens the next pass reads before the question. Called when <see cref="PolicyNeeds.GuidedReading"/> is set.</summary>
    /// <param name="layer">The first layer, for budgets.</param>
    /// <param name="reading">Where reading stands.</param>
    /// <returns>At least 1; 0 to read the rest of the prompt in the ordinary way. More than is left means all of it.</returns>
    public virtual int NextChunk(LayerCache layer, in GuidedReading reading) => 0;

    /// <summary>
    /// A chunk of the document followed by the question has passed a layer. The question's entries are the newest; the engine drops them afterwards.
    /// </summary>
    /// <param name="layer">The layer.</param>
    /// <param name="reading">Where reading stands, the chunk included.</param>
    /// <param name="question">Queries of the question, [question tokens, queryHeads, headDim], as attention used them.</param>
    public virtual void AfterGuidedChunk(LayerCache layer, in GuidedReading reading, ReadOnlySpan<float> question)
    {
    }

    /// <summary>The sequence went back to a position; the lanes have already forgotten what came later.</summary>
    public virtual void Truncate(int position)
    {
    }

    /// <summary>A session that continues on a fork of the sequence.</summary>
    public abstract CacheSession Fork();

    /// <summary>Writes state that the store does not hold, for export; most policies have none.</summary>
    public virtual void Save(BinaryWriter writer)
    {
    }

    /// <summary>Takes back what <see cref="Save"/> wrote.</summary>
    public virtual void Load(BinaryReader reader)
    {
    }
}
