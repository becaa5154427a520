using Winnow.Caching.Gates;
using Winnow.Caching.Storage;
using Winnow.Models;

namespace Winnow.Caching.Policies;

/// <summary>
/// Lets the heads with the highest gates keep everything and the others the first and the newest tokens. Gates are trained once for a model: by reinforcement
/// learning, Du et al. 2025, "Which Heads Matter for Reasoning? RL-Guided KV Cache Compression", arXiv 2510.08525; or by regression, Xiao et al. 2024,
/// "DuoAttention", arXiv 2410.10819. Without a gate file the prompt's own attention stands in for them.
/// </summary>
public sealed class RlKv : CachePolicy
{
    private readonly Options _options;

    /// <summary>Creates the policy.</summary>
    public RlKv(Options options)
    {
        _options = options;
        Needs = options.Gates is not null || !options.Limits ? new PolicyNeeds() : new PolicyNeeds
        {
            Observer = new AttentionObserver { PerQueryHead = true, LocalWindow = _ => options.Recent, Passes = ObservedPasses.Prompt },
        };
    }

    /// <summary>The policy in the catalogue.</summary>
    public static PolicyDescriptor Descriptor { get; } = new()
    {
        Name = "rlkv",
        Summary = "heads with high gates keep everything, the others the first and the newest tokens",
        Paper = "Du et al. 2025, arXiv 2510.08525",
        Options =
        [
            new PolicyOption("gates", "estimated from the prompt", "file or DuoAttention folder with a gate for each KV head"),
            new PolicyOption("sparsity", "what keep needs", "share of KV heads that are compressed, 0 to 1; keep is then not used"),
            new PolicyOption("sink", "16, or the folder's", "first tokens that compressed heads keep"),
            new PolicyOption("recent", "64, or the folder's", "newest tokens that compressed heads keep; with keep it adapts to use the budget"),
        ],
        Survives = CacheFeatures.Fork | CacheFeatures.QuantisedEntries | CacheFeatures.GroupedQueries | CacheFeatures.SlidingWindow
            | CacheFeatures.ChunkedPrefill | CacheFeatures.PrefixReuse,
        Build = arguments =>
        {
            GateTable? gates = arguments.OptionalText("gates") is { } path ? GateTable.Load(path) : null;
            return new RlKv(new Options
            {
                Keep = arguments.Keep,
                Gates = gates,
                Sparsity = arguments.OptionalNumber("sparsity", 0, 1),
                Sink = arguments.Integer("sink", gates?.Sink ?? 16, 0),
                Recent = arguments.Integer("recent", gates?.Recent ?? 64, 1),
            });
        },
    };

    /// <inheritdoc/>
    public override PolicyNeeds Needs { get; }

    /// <inheritdoc/>
    public override void Require(ModelConfig model)
    {
        if (_options.Gates is { } gates && (gates.Layers, gates.KvHeads) != (model.Layers, model.KvHeads))
        {
            throw new WinnowException(
                $"the gates of cache policy 'rlkv' are for {gates.Layers} layers of {gates.KvHeads} KV heads, and the model has {model.Layers} layers of "
                + $"{model.KvHeads}; give the gates of this model");
        }
    }

    /// <inheritdoc/>
    public override CacheSession? Start() => _options.Limits ? new Session(_options) : null;

    /// <summary>Sizes and gates.</summary>
    public sealed record Options
    {
        /// <summary>Entries of a lane, a mean over the whole cache. Not used with a <see cref="Sparsity"/>.</summary>
        public Budget Keep { get; init; }

        /// <summary>Trained gates; null to estimate them from the prompt.</summary>
        public GateTable? Gates { get; init; }

        /// <summary>Share of KV heads that are compressed; null to derive it from the budget.</summary>
        public double? Sparsity { get; init; }

        /// <summary>First tokens that compressed heads keep.</summary>
        public int Sink { get; init; } = 16;

        /// <summary>Newest tokens that compressed heads keep.</summary>
        public int Recent { get; init; } = 64;

        internal bool Limits => Sparsity is not null || !Keep.IsUnlimited;
    }

    private sealed class Session(Options options) : CacheSession
    {
        private readonly SelectionBuffers _buffers = new();
        private bool[] _compressed = [];
        private int _sink = options.Sink;
        private int _recent = options.Recent;

        public override long StateBytes => _compressed.Length;

        public override CacheSession Fork() => new Session(options) { _compressed = _compressed, _sink = _sink, _recent = _recent };

        public override void AfterPrompt(IReadOnlyList<LayerCache> layers)
        {
            // What a compressed lane has dropped does not come back, so it stays compressed for the rest of the conversation.
            bool[] before = _compressed.Length > 0 ? _compressed : new bool[layers.Count * layers[0].KvHeads];
            if (options.Sparsity is { } sparsity)
                _compressed = BySparsity(layers, before, sparsity);
            else
                _compressed = ByBudget(layers, before);
            for (int lane = 0; lane < _compressed.Length; lane++)
            {
                LayerCache layer = layers[lane / layers[0].KvHeads];
                if (_compressed[lane])
                    Cut(layer[lane % layers[0].KvHeads], layer.Position - _recent);
            }
        }

        public override void BeforeAttention(LayerCache layer)
        {
            // The entry that leaves gives its slot to the newest one: each compressed lane is a ring.
            int leaving = layer.Position - _recent - 1;
            for (int head = 0; head < layer.KvHeads && leaving >= _sink && _compressed.Length > 0; head++)
            {
                Lane lane = layer[head];
                int slot = _compressed[layer.Layer * layer.KvHeads + head] ? lane.Positions.IndexOf(leaving) : -1;
                if (slot >= 0)
                    lane.Remove(slot);
            }
        }

        public override void Save(BinaryWriter writer)
        {
            writer.Write(_sink);
            writer.Write(_recent);
            writer.Write(_compressed.Length);
            foreach (bool compressed in _compressed)
                writer.Write(compressed);
        }

        public override void Load(BinaryReader reader)
        {
            (_sink, _recent) = (reader.ReadInt32(), reader.ReadInt32());
            int lanes = reader.ReadInt32();
            byte[] flags = lanes is >= 0 and <= 1 << 20 ? reader.ReadBytes(lanes) : [];
            if (flags.Length != lanes || _sink < 0 || _recent < 1)
                throw new WinnowException($"the exported sequence is broken: its classes of {lanes} heads cannot be read");
            _compressed = [.. flags.Select(flag => flag != 0)];
        }

        private bool[] BySparsity(IReadOnlyList<LayerCache> layers, bool[] before, double sparsity)
        {
            // A text that fits sink and window says nothing about its heads, and nothing would be dropped: wait for a longer one.
            bool decided = before.Contains(true), tooShort = options.Gates is null && layers[0].Position <= options.Sink + options.Recent;
            if (decided || (tooShort && sparsity < 1))
                return before;
            return [.. new GateRanking(Gates(layers)).At(sparsity).Full.Select(full => !full)];
        }

        /// <summary>
        /// Finds how many lanes can stay full when the others keep sink and window, and lets these grow or shrink until the budget is used.
        /// </summary>
        private bool[] ByBudget(IReadOnlyList<LayerCache> layers, bool[] before)
        {
            int length = layers[0].Position, lanes = before.Length, entries = layers[0].Resolve(options.Keep, layers[0].PromptLength, 2);
            long budget = (long)entries * lanes;
            int[] candidates = [.. new GateRanking(Gates(layers)).Descending().Where(lane => !before[lane])];
            int window = Math.Min(length, options.Sink + options.Recent), full = candidates.Length;
            if ((long)full * length + (long)(lanes - full) * window > budget)
                full = (int)Math.Clamp((budget - (long)lanes * window) / Math.Max(1, length - window), 0, candidates.Length);
            bool[] compressed = new bool[lanes];
            Array.Fill(compressed, true);
            foreach (int lane in candidates.AsSpan(0, full))
                compressed[lane] = false;
            if (full < lanes)
            {
                // A small budget goes to the newest tokens first: a sink alone could not go on with a sentence. A sink that has shrunk cannot grow back.
                long each = (budget - (long)full * length) / (lanes - full);
                _sink = (int)Math.Min(_sink, each / 4);
                _recent = (int)Math.Min(each - _sink, int.MaxValue);
            }

            return compressed;
        }

        private float[] Gates(IReadOnlyList<LayerCache> layers) => options.Gates is { } table
            ? table.Gates.ToArray()
            : [.. layers.SelectMany(layer => Enumerable.Range(0, layer.KvHeads).Select(head => Estimate(layer[head], layer.Shape.GroupSize)))];

        /// <summary>The share of attention that falls outside sink and window, of the group's query head where it is largest.</summary>
        private float Estimate(Lane lane, int group)
        {
            double most = 0;
            for (int head = 0; head < group; head++)
            {
                ReadOnlySpan<float> all = lane.ScoresOf(head), near = lane.ScoresOf(group + head);
                double total = 0, inside = 0;
                for (int slot = 0; slot < all.Length; slot++)
                {
                    total += all[slot];
                    inside += lane.Positions[slot] < options.Sink ? all[slot] : near[slot];
                }

                most = Math.Max(most, total > 0 ? 1 - inside / total : 0);
            }

            return (float)most;
        }

        private void Cut(Lane lane, int oldestRecent)
        {
            Span<int> slots = _buffers.Slots(lane.Length);
            int kept = 0;
            for (int slot = 0; slot < lane.Length; slot++)
            {
                if (lane.Positions[slot] < _sink || lane.Positions[slot] >= oldestRecent)
                    slots[kept++] = slot;
            }

            lane.Keep(slots[..kept]);
        }
    }
}
