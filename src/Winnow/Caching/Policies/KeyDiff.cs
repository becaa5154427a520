using System.Numerics.Tensors;
using Winnow.Caching.Storage;

namespace Winnow.Caching.Policies;

/// <summary>
/// After the prompt, keeps the entries whose keys point least in the direction that all keys of the lane share: what is unlike the rest cannot be stood in for
/// by the rest. Looks at no query at all. What is generated stays.
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
        Survives = CacheFeatures.Fork | CacheFeatures.QuantisedEntries | CacheFeatures.GroupedQueries | CacheFeatures.SlidingWindow
            | CacheFeatures.ChunkedPrefill | CacheFeatures.PrefixReuse,
        Build = arguments => new KeyDiff(arguments.Keep),
    };

    /// <inheritdoc/>
    public override PolicyNeeds Needs { get; } = new();

    /// <inheritdoc/>
    public override EntryScorer CreateScorer() => new Scorer();

    private sealed class Scorer : EntryScorer
    {
        private readonly SelectionBuffers _buffers = new();

        public override EntryScorer Fork() => new Scorer();

        public override void Score(LayerCache layer, int kvHead, int budget, Span<float> scores)
        {
            Lane lane = layer[kvHead];
            int dim = layer.Shape.HeadDim;
            Span<float> key = _buffers.Rows(2 * dim)[..dim], anchor = _buffers.Rows(2 * dim)[dim..];
            anchor.Clear();
            for (int slot = 0; slot < scores.Length; slot++)
            {
                lane.ReadKey(slot, key);
                TensorPrimitives.MultiplyAdd(key, Inverse(TensorPrimitives.Norm<float>(key)), anchor, anchor);
            }

            // The mean and the sum point the same way.
            TensorPrimitives.Multiply(anchor, Inverse(TensorPrimitives.Norm<float>(anchor)), anchor);
            for (int slot = 0; slot < scores.Length; slot++)
            {
                lane.ReadKey(slot, key);
                scores[slot] = -TensorPrimitives.Dot<float>(key, anchor) * Inverse(TensorPrimitives.Norm<float>(key));
            }
        }

        /// <summary>A vector without length points nowhere: its cosine with anything is 0.</summary>
        private static float Inverse(float norm) => norm > 1e-12f ? 1 / norm : 0;
    }
}
