namespace Winnow.Models;

/// <summary>
/// The one door between a model and a cache. A model computes queries, keys and values; what is remembered of them, and what a query
/// may read, is decided behind this door. The rows of a pass are the tokens of one text, or one token each of several.
/// </summary>
public abstract class SequenceAttention
{
    /// <summary>True position of a row of the current forward pass.</summary>
    /// <param name="row">Row index within the pass.</param>
    public abstract int PositionOf(int row);

    /// <summary>Remembers the new keys and values of a layer and attends over what the cache holds.</summary>
    /// <param name="layer">Layer index.</param>
    /// <param name="queries">[tokens, queryHeads, headDim], <b>not yet rotated</b>; overwritten.</param>
    /// <param name="keys">[tokens, kvHeads, headDim], not yet rotated; overwritten.</param>
    /// <param name="values">[tokens, kvHeads, headDim].</param>
    /// <param name="tokens">Rows in this pass.</param>
    /// <param name="output">[tokens, queryHeads, headDim].</param>
    public abstract void Attend(int layer, Span<float> queries, Span<float> keys, Span<float> values, int tokens, Span<float> output);
}
