using System.Numerics.Tensors;
using Winnow.Caching.Storage;
using Winnow.Kernels.Elementwise;

namespace Winnow.Caching.Policies;

/// <summary>
/// Drops the entry to which the newest token pays the least attention, averaged over all query heads of the layer, so that every lane of a layer keeps the same
/// tokens: down to the budget after the prompt, then one at each step. The newest token itself stays.
/// Oren et al. 2024, "Transformers are Multi-State RNNs", arXiv 2401.06104.
/// </summary>
public sealed class Tova : ScoringPolicy
{
    /// <summary>Creates the policy.</summary>
    /// <param name="keep">Entries of each lane, the newest token included.</param>
    public Tova(Budget keep)
        : base(keep) => Needs = new PolicyNeeds { RecentQueries = keep.IsUnlimited ? 0 : 1 };

    /// <summary>The policy in the catalogue.</summary>
    public static PolicyDescriptor Descriptor { get; } = new()
    {
        Name = "tova",
        Summary = "drops the token to which the newest one pays the least attention",
        Paper = "Oren et al. 2024, arXiv 2401.06104",
        Survives = CacheFeatures.Fork | CacheFeatures.QuantisedEntries | CacheFeatures.GroupedQueries | CacheFeatures.SlidingWindow
            | CacheFeatures.ChunkedPrefill | CacheFeatures.PrefixReuse,
        Build = arguments => new Tova(arguments.Keep),
    };

    /// <inheritdoc/>
    public override PolicyNeeds Needs { get; }

    /// <inheritdoc/>
    public override CacheSession? Start() => Keep.IsUnlimited ? null : new Session(Keep);

    /// <inheritdoc/>
    public override EntryScorer CreateScorer() => new Scorer();

    /// <summary>Attention of the newest query to each position, averaged over the query heads of a layer.</summary>
    private sealed class LayerAttention
    {
        private readonly SelectionBuffers _buffers = new();
        private float[] _byPosition = [];

        /// <summary>Looks at a layer whose entries are all still there.</summary>
        public void Measure(LayerCache layer)
        {
            if (_byPosition.Length < layer.Position)
                _byPosition = new float[layer.Position + Math.Max(1024, layer.Position / 2)];
            _byPosition.AsSpan(0, layer.Position).Clear();
            for (int head = 0; head < layer.KvHeads; head++)
                Add(layer, head);
        }

        /// <summary>Scores the entries of a lane, +∞ for the newest.</summary>
        public void Score(LayerCache layer, Lane lane, Span<float> scores)
        {
            ReadOnlySpan<int> positions = lane.Positions;
            for (int slot = 0; slot < scores.Length; slot++)
                scores[slot] = positions[slot] == layer.Position - 1 ? float.PositiveInfinity : _byPosition[positions[slot]];
        }

        /// <summary>The slot that leaves: the least attended, of equals the latest, but never the newest token.</summary>
        public int Lightest(LayerCache layer, Lane lane)
        {
            ReadOnlySpan<int> positions = lane.Positions;
            int lightest = -1;
            for (int slot = 0; slot < positions.Length; slot++)
            {
                if (positions[slot] == layer.Position - 1)
                    continue;
                float difference = lightest < 0 ? -1 : _byPosition[positions[slot]] - _byPosition[positions[lightest]];
                if (difference < 0 || (difference == 0 && positions[slot] > positions[lightest]))
                    lightest = slot;
            }

            return lightest;
        }

        private void Add(LayerCache layer, int head)
        {
            Lane lane = layer[head];
            int length = lane.Length, group = layer.Shape.GroupSize;
            Span<float> rows = _buffers.Rows(group * length), sum = rows[..length];
            layer.Logits(head, 1, rows);
            for (int row = 0; row < group; row++)
                Softmax.InPlace(rows.Slice(row * length, length));
            for (int row = 1; row < group; row++)
                TensorPrimitives.Add(sum, rows.Slice(row * length, length), sum);
            ReadOnlySpan<int> positions = lane.Positions;
            for (int slot = 0; slot < length; slot++)
                _byPosition[positions[slot]] += sum[slot] / layer.Shape.QueryHeads;
        }
    }

    /// <summary>The prompt's scores alone, for wrappers.</summary>
    private sealed class Scorer : EntryScorer
    {
        private readonly LayerAttention _attention = new();
        private (int Layer, int Position) _measured = (-1, 0);

        public override EntryScorer Fork() => new Scorer();

        public override void Score(LayerCache layer, int kvHead, int budget, Span<float> scores)
        {
            // Once for all lanes of a layer: when the second is scored, the first may have lost entries already.
            if (kvHead == 0 || _measured != (layer.Layer, layer.Position))
                _attention.Measure(layer);
            _measured = (layer.Layer, layer.Position);
            _attention.Score(layer, layer[kvHead], scores);
        }
    }

    private sealed class Session(Budget keep) : CacheSession
    {
        private readonly SelectionBuffers _buffers = new();
        private readonly LayerAttention _attention = new();

        public override CacheSession Fork() => new Session(keep);

        public override void AfterChunk(LayerCache layer, bool last)
        {
            int budget = layer.Resolve(keep, layer.PromptLength, 2);
            if (!last || layer[0].Length <= budget)
                return;
            _attention.Measure(layer);
            for (int head = 0; head < layer.KvHeads; head++)
            {
                Span<float> scores = _buffers.Scores(layer[head].Length);
                _attention.Score(layer, layer[head], scores);
                Span<int> slots = _buffers.Slots(budget);
                TopEntries.Select(scores, budget, slots, _buffers.Keys(scores.Length));
                layer[head].Keep(slots);
            }
        }

        public override void AfterStep(LayerCache layer)
        {
            int budget = layer.Resolve(keep, layer.PromptLength, 2);
            if (layer[0].Length <= budget)
                return;
            _attention.Measure(layer);
            for (int head = 0; head < layer.KvHeads; head++)
            {
                while (layer[head].Length > budget)
                    layer[head].Remove(_attention.Lightest(layer, layer[head]));
            }
        }
    }
}
