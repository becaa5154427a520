using System.Numerics.Tensors;
using Winnow.Caching.Storage;

namespace Winnow.Caching.Policies;

/// <summary>
/// After the prompt, keeps the entries whose keys differ most from the lane's mean direction, measured by cosine: what is unlike the rest is hard to replace.
/// Park et al. 2025, "KeyDiff: Key Similarity-Based KV Cache Eviction for Long-Context LLM Inference in Resource-Constrained Environments", arXiv 2504.15364.
/// </summary>
/// <param name="keep">Entries of a lane after compression.</param>
public sealed class KeyDiff(Budget keep) : ScoringPolicy(keep)
{
    /// <summary>The policy in the catalogue.</summary>
    public static PolicyDescriptor Descriptor { get; } = new()
    {
        Name = "keydiff",
        Summary = "keeps the entries whose keys are least like the others",
        Paper = "Park et al. 2025, arXiv 2504.15364",
        Survives = CacheFeatures.Fork | CacheFeatures.QuantisedEntries | CacheFeatures.GroupedQueries | CacheFeatures.SlidingWindow | CacheFeatures.ChunkedPrefill,
        Build = arguments => new KeyDiff(arguments.Keep),
    };

    /// <inheritdoc/>
    public override PolicyNeeds Needs { get; } = new();

    /// <inheritdoc/>
    public override EntryScorer CreateScorer() => new Scorer();

    private sealed class Scorer : EntryScorer
    {
        public override void Score(LayerCache layer, int kvHead, int budget, Span<float> scores)
        {
            Lane lane = layer[kvHead];
            int dim = layer.Shape.HeadDim;
            Span<float> key = stackalloc float[dim], anchor = stackalloc float[dim];
            anchor.Clear();
            for (int slot = 0; slot < scores.Length; slot++)
            {
                lane.ReadKey(slot, key);
                float norm = TensorPrimitives.Norm<float>(key);
                if (norm > 0)
                    TensorPrimitives.MultiplyAdd(key, 1 / norm, anchor, anchor);
            }

            float length = TensorPrimitives.Norm<float>(anchor);
            for (int slot = 0; slot < scores.Length; slot++)
            {
                lane.ReadKey(slot, key);
                float norm = TensorPrimitives.Norm<float>(key) * length;
                scores[slot] = norm > 0 ? -TensorPrimitives.Dot<float>(key, anchor) / norm : 0;
            }
        }
    }
}
