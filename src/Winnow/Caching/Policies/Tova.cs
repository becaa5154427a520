using System.Numerics.Tensors;
using Winnow.Caching.Storage;
using Winnow.Kernels.Elementwise;

namespace Winnow.Caching.Policies;

/// <summary>
/// Keeps what the newest token attends to, as a mean over all query heads of a layer: after the prompt down to the budget, then one entry leaves at every step.
/// Oren et al. 2024, "Transformers are Multi-State RNNs", arXiv 2401.06104.
/// </summary>
/// <param name="keep">Entries of a lane, while generating too.</param>
public sealed class Tova(Budget keep) : ScoringPolicy(keep)
{
    /// <summary>The policy in the catalogue.</summary>
    public static PolicyDescriptor Descriptor { get; } = new()
    {
        Name = "tova",
        Summary = "keeps what the newest token attends to, and drops the least of it at every step",
        Paper = "Oren et al. 2024, arXiv 2401.06104",
        Survives = CacheFeatures.Fork | CacheFeatures.QuantisedEntries | CacheFeatures.GroupedQueries | CacheFeatures.SlidingWindow | CacheFeatures.ChunkedPrefill,
        Build = arguments => new Tova(arguments.Keep),
    };

    /// <inheritdoc/>
    public override PolicyNeeds Needs { get; } = keep.IsUnlimited ? new PolicyNeeds() : new PolicyNeeds { RecentQueries = 1 };

    /// <inheritdoc/>
    public override CacheSession? Start() => Keep.IsUnlimited ? null : new Session(this);

    /// <inheritdoc/>
    public override EntryScorer CreateScorer() => new Scorer();

    /// <summary>The newest token's attention, the same for every lane of a layer.</summary>
    private sealed class Scorer : EntryScorer
    {
        private readonly SelectionBuffers _buffers = new();

        public override EntryScorer Fork() => new Scorer();

        public override void Score(LayerCache layer, int kvHead, int budget, Span<float> scores)
        {
            // Lanes are cut one by one, and then no longer hold the same entries: all are looked at before the first is cut.
            Span<float> shared = _buffers.Scores(scores.Length);
            if (kvHead == 0)
                Attention(layer, shared);
            shared.CopyTo(scores);
            scores[^1] = float.PositiveInfinity;
        }

        /// <summary>Sum over all query heads of the newest token's probabilities, [lane length].</summary>
        public void Attention(LayerCache layer, Span<float> sums)
        {
            int group = layer.Shape.GroupSize;
            Span<float> logits = _buffers.Rows(group * sums.Length);
            sums.Clear();
            for (int head = 0; head < layer.KvHeads; head++)
            {
                layer.Logits(head, 1, logits);
                for (int row = 0; row < group; row++)
                {
                    Span<float> probabilities = logits.Slice(row * sums.Length, sums.Length);
                    Softmax.InPlace(probabilities);
                    TensorPrimitives.Add(sums, probabilities, sums);
                }
            }
        }
    }

    private sealed class Session(Tova policy) : CacheSession
    {
        private readonly Scorer _scorer = new();
        private readonly SelectionBuffers _buffers = new();

        public override CacheSession Fork() => new Session(policy);

        public override void AfterChunk(LayerCache layer, bool last)
        {
            if (last)
                EntrySelection.BestOfLane.Compress(layer, _scorer, Budget(layer), _buffers);
        }

        public override void AfterStep(LayerCache layer)
        {
            int length = layer[0].Length, excess = length - Budget(layer);
            if (excess <= 0)
                return;
            Span<float> sums = _buffers.Scores(length);
            _scorer.Attention(layer, sums);
            // Lanes hold the same entries in the same slots, so one choice serves all. The newest entry stays.
            sums[layer[0].Positions.IndexOf(layer.Position - 1)] = float.PositiveInfinity;
            for (; excess > 0; excess--)
            {
                int last = layer[0].Length - 1, lightest = Lightest(layer[0], sums[..(last + 1)]);
                sums[lightest] = sums[last];
                for (int head = 0; head < layer.KvHeads; head++)
                    layer[head].Remove(lightest);
            }
        }

        private int Budget(LayerCache layer) => layer.Resolve(policy.Keep, layer.PromptLength, 2);

        /// <summary>The slot with the least attention; among equals the later position leaves, as in a selection.</summary>
        private static int Lightest(Lane lane, ReadOnlySpan<float> sums)
        {
            int lightest = 0;
            for (int slot = 1; slot < sums.Length; slot++)
            {
                if (sums[slot] < sums[lightest] || (sums[slot] == sums[lightest] && lane.Positions[slot] > lane.Positions[lightest]))
                    lightest = slot;
            }

            return lightest;
        }
    }
}
