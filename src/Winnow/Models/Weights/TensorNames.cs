using System.Globalization;

namespace Winnow.Models.Weights;

/// <summary>
/// How a family's published checkpoints call their tensors. The engine's own names are those of GGUF (<c>token_embd.weight</c>,
/// <c>blk.3.attn_q.bias</c>); this maps them piece by piece.
/// </summary>
/// <param name="Embedding">Name of the embedding, without <c>.weight</c>.</param>
/// <param name="Layer">Prefix of a layer with <c>{0}</c> for its index.</param>
/// <param name="Parts">GGUF piece → published piece, both without prefix and suffix, for layers and for the rest.</param>
internal sealed record TensorNames(string Embedding, string Layer, IReadOnlyDictionary<string, string> Parts)
{
    private const string LayerPrefix = "blk.";

    /// <summary>The published name, or null when the family has no such tensor.</summary>
    /// <param name="canonical">A GGUF name such as <c>blk.3.attn_q.weight</c>.</param>
    public string? Map(string canonical)
    {
        int suffix = canonical.LastIndexOf('.');
        string piece = canonical[..suffix];
        if (piece == "token_embd")
            return Embedding + canonical[suffix..];
        if (!piece.StartsWith(LayerPrefix, StringComparison.Ordinal))
            return Parts.TryGetValue(piece, out string? whole) ? whole + canonical[suffix..] : null;
        int end = piece.IndexOf('.', LayerPrefix.Length);
        int layer = int.Parse(piece.AsSpan(LayerPrefix.Length, end - LayerPrefix.Length), CultureInfo.InvariantCulture);
        return Parts.TryGetValue(piece[(end + 1)..], out string? part)
            ? string.Format(CultureInfo.InvariantCulture, Layer, layer) + part + canonical[suffix..]
            : null;
    }
}
