using Winnow.Formats;

namespace Winnow.Evaluation;

/// <summary>Bytes of weights that pass the processor for each decoded token.</summary>
internal static class WeightTraffic
{
    private static readonly string[] s_embeddings = ["token_embd.", "embed_tokens.", "embed_in.", "wte."];

    /// <summary>All tensors; of an embedding that is not the LM head as well, a token reads one row only, which is left out.</summary>
    public static long BytesPerToken(LanguageModel model)
    {
        bool tied = model.Model.Config.TiedEmbeddings;
        return model.Checkpoint.Tensors.Values.Where(tensor => tied || !IsEmbedding(tensor)).Sum(tensor => tensor.Data.Length);
    }

    private static bool IsEmbedding(TensorInfo tensor) => s_embeddings.Any(name => tensor.Name.Contains(name, StringComparison.Ordinal));
}
