using System.Numerics.Tensors;
using Winnow.Caching.Storage;

namespace Winnow.Caching.Policies;

/// <summary>
/// After the prompt, keeps the entries whose keys are short: in trained models such keys tend to draw attention. Looks at no query at all. What is generated
/// stays.
/// Devoto et al. 2024, "A Simple and Effective L2 Norm-Based Strategy for KV Cache Compression", arXiv 2406.11430.
/// </summary>
/// <param name="keep">Entries of a lane after compression.</param>
public sealed class KNorm(Budget keep) : ScoringPolicy(keep)
{
    /// <summary>The policy in the catalogue.</summary>
    public static PolicyDescriptor Descriptor { get; } = new()
    {
        Name = "knorm",
        Summary = "keeps the entries with the shortest keys",
        Paper = "Devoto et al. 2024, arXiv 2406.11430",
        Survives = CacheFeatures.Fork | CacheFeatures.QuantisedEntries | CacheFeatures.GroupedQueries | CacheFeatures.SlidingWindow
            | CacheFeatures.ChunkedPrefill | CacheFeatures.PrefixReuse,
        Build = arguments => new KNorm(arguments.Keep),
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
            Span<float> key = _buffers.Rows(layer.Shape.HeadDim);
            for (int slot = 0; slot < scores.Length; slot++)
            {
                lane.ReadKey(slot, key);
                scores[slot] = -TensorPrimitives.Norm<float>(key);
            }
        }
    }
}
