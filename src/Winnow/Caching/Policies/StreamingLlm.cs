using Winnow.Caching.Storage;

namespace Winnow.Caching.Policies;

/// <summary>
/// Keeps the first tokens, on which attention rests when it has nothing better to look at, and the newest ones. Fluent for any length, blind to what
/// it dropped.
/// Xiao et al. 2023, "Efficient Streaming Language Models with Attention Sinks", arXiv 2309.17453.
/// </summary>
public sealed class StreamingLlm : CachePolicy
{
    private readonly int _sink;
    private readonly Budget _keep;

    /// <summary>Creates the policy.</summary>
    /// <param name="sink">First tokens that always stay.</param>
    /// <param name="keep">Sink and newest tokens together.</param>
    /// <param name="positions">Rolling positions, as in the paper, let a text outgrow the trained window; original ones answer better within it.</param>
    public StreamingLlm(int sink, Budget keep, PositionMode positions)
    {
        (_sink, _keep) = (sink, keep);
        // Nothing is dropped under an unlimited budget, so both modes mean the same and the exact one is taken.
        Needs = new PolicyNeeds { Positions = keep.IsUnlimited ? PositionMode.Original : positions };
    }

    /// <summary>The policy in the catalogue.</summary>
    public static PolicyDescriptor Descriptor { get; } = new()
    {
        Name = "streaming-llm",
        Summary = "keeps the first and the newest tokens",
        Paper = "Xiao et al. 2023, arXiv 2309.17453",
        Options =
        [
            new PolicyOption("sink", "4", "first tokens that always stay"),
            new PolicyOption("position", "original", "original, or rolling for texts beyond the model's window"),
        ],
        Survives = CacheFeatures.Fork | CacheFeatures.QuantisedEntries | CacheFeatures.GroupedQueries | CacheFeatures.SlidingWindow
            | CacheFeatures.ChunkedPrefill | CacheFeatures.BeyondWindow | CacheFeatures.PrefixReuse,
        Build = arguments => new StreamingLlm(
            arguments.Integer("sink", 4, 0), arguments.Keep, arguments.Choice("position", PositionMode.Original)),
    };

    /// <inheritdoc/>
    public override PolicyNeeds Needs { get; }

    /// <inheritdoc/>
    public override CacheSession? Start() => _keep.IsUnlimited ? null : new Session(this);

    private sealed class Session(StreamingLlm policy) : CacheSession
    {
        private readonly SelectionBuffers _buffers = new();

        public override CacheSession Fork() => new Session(policy);

        public override void AfterChunk(LayerCache layer, bool last)
        {
            // With rolling positions a prompt may be longer than the window, so the cache is cut after every chunk.
            if (!last && policy.Needs.Positions == PositionMode.Original)
                return;
            int recent = Recent(layer);
            for (int head = 0; head < layer.KvHeads; head++)
                Cut(layer[head], layer.Position - recent);
        }

        public override void BeforeAttention(LayerCache layer)
        {
            int recent = Recent(layer);
            for (int head = 0; head < layer.KvHeads; head++)
            {
                Lane lane = layer[head];
                if (lane.Length <= policy._sink + recent)
                    continue;
                int oldest = lane.Positions.IndexOf(layer.Position - recent - 1);
                if (oldest >= 0)
                    lane.Remove(oldest);
            }
        }

        private int Recent(LayerCache layer) => layer.Resolve(policy._keep, layer.PromptLength, policy._sink + 1) - policy._sink;

        private void Cut(Lane lane, int oldestRecent)
        {
            Span<int> slots = _buffers.Slots(lane.Length);
            int kept = 0;
            for (int slot = 0; slot < lane.Length; slot++)
            {
                if (lane.Positions[slot] < policy._sink || lane.Positions[slot] >= oldestRecent)
                    slots[kept++] = slot;
            }

            lane.Keep(slots[..kept]);
        }
    }
}
