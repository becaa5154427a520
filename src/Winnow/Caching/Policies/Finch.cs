using System.Numerics.Tensors;
using Winnow.Kernels.Elementwise;

namespace Winnow.Caching.Policies;

/// <summary>
/// Reads a document chunk by chunk with the question after each chunk, and keeps of every chunk what the question attends to. The cache grows slowly towards
/// its target, never past the model's window, so a document may be many times longer than that. The answer is generated over what was kept.
/// Corallo and Papotti 2024, "FINCH: Prompt-guided Key-Value Cache Compression", arXiv 2408.00167.
/// </summary>
public sealed class Finch : CachePolicy
{
    /// <summary>Longest chunk that is chosen without being asked for: the longest of the paper. Working memory grows with it.</summary>
    private const int LongestChunk = 2048;

    /// <summary>Last tokens of a long question that vote; the logits of all of them are held at once.</summary>
    private const int MostVoters = 512;

    private readonly Options _options;

    /// <summary>Creates the policy.</summary>
    public Finch(Options options)
    {
        _options = options;
        // A kept key stands where its rank among the kept puts it: stored unrotated and turned when read, it never has to be turned again.
        Needs = options.Keep.IsUnlimited ? new PolicyNeeds() : new PolicyNeeds { GuidedReading = true, Positions = options.Positions };
    }

    /// <summary>How many tokens of a chunk stay.</summary>
    public enum Compression
    {
        /// <summary>As many as bring the whole document exactly to the target.</summary>
        Exact,

        /// <summary>One of so many, a whole number rounded up, as in the released program; the target is not always reached.</summary>
        Whole,
    }

    /// <summary>Who chooses.</summary>
    public enum Chooser
    {
        /// <summary>All heads of a layer together: its lanes keep the same tokens.</summary>
        Layer,

        /// <summary>Each KV head for itself.</summary>
        Head,
    }

    /// <summary>The policy in the catalogue.</summary>
    public static PolicyDescriptor Descriptor { get; } = new()
    {
        Name = "finch",
        Summary = "reads long documents in chunks and keeps what the question attends to",
        Paper = "Corallo and Papotti 2024, arXiv 2408.00167",
        Options =
        [
            new PolicyOption("chunk", "keep + answer − question, at most 2048", "document tokens read at a time"),
            new PolicyOption("factor", "exact", "exact, or whole: a whole number as in the paper's program, which may keep less"),
            new PolicyOption("selection", "layer", "layer: the same tokens in all heads of a layer; head: each KV head its own"),
            new PolicyOption("normalize", "true", "weigh each question token by the entries that it sees"),
            new PolicyOption("answer", "256", "tokens of the model's window left free for the answer"),
            new PolicyOption("position", "rolling", "rolling, or original for documents within the model's window: what is kept stands where it stood"),
        ],
        Survives = CacheFeatures.Fork | CacheFeatures.QuantisedEntries | CacheFeatures.GroupedQueries | CacheFeatures.ChunkedPrefill | CacheFeatures.BeyondWindow,
        Build = arguments => new Finch(new Options
        {
            Keep = arguments.Keep,
            Chunk = arguments.OptionalInteger("chunk", 1),
            Factor = arguments.Choice("factor", Compression.Exact),
            Selection = arguments.Choice("selection", Chooser.Layer),
            Normalize = arguments.Flag("normalize", true),
            Answer = arguments.Integer("answer", 256, 1),
            Positions = arguments.Choice("position", PositionMode.Rolling),
        }),
    };

    /// <inheritdoc/>
    public override PolicyNeeds Needs { get; }

    /// <inheritdoc/>
    public override CacheSession? Start() => _options.Keep.IsUnlimited ? null : new Session(_options);

    /// <summary>Turns the question's logits into probabilities and adds them up by column.</summary>
    /// <param name="logits">[voters × group, entries], voters in order; overwritten.</param>
    /// <param name="voters">Question tokens.</param>
    /// <param name="group">Query heads of the lane.</param>
    /// <param name="options">Whether and how rows are weighed.</param>
    /// <param name="scores">A sum for each of the entries before the question, added to.</param>
    internal static void AddVotes(Span<float> logits, int voters, int group, Options options, Span<float> scores)
    {
        int length = logits.Length / (voters * group);
        for (int row = 0; row < voters * group; row++)
        {
            Span<float> probabilities = logits.Slice(row * length, length);
            Softmax.InPlace(probabilities);
            // The later a question token, the more entries share its attention. A head on its own does not count the token itself, as in its source.
            int seen = length - voters + row / group + (options.Selection == Chooser.Head ? 0 : 1);
            float weight = options.Normalize ? (float)seen / length : 1;
            TensorPrimitives.MultiplyAdd(probabilities[..scores.Length], weight, scores, scores);
        }
    }

    /// <summary>Sizes and variants.</summary>
    public sealed record Options
    {
        /// <summary>Compressed document and question together.</summary>
        public Budget Keep { get; init; }

        /// <summary>Document tokens of a chunk, when not chosen by the target.</summary>
        public int? Chunk { get; init; }

        /// <summary>How many tokens of a chunk stay.</summary>
        public Compression Factor { get; init; }

        /// <summary>Who chooses.</summary>
        public Chooser Selection { get; init; }

        /// <summary>Whether a question token's vote is weighed by the share of entries that it sees.</summary>
        public bool Normalize { get; init; } = true;

        /// <summary>Tokens of the window left free for the answer.</summary>
        public int Answer { get; init; } = 256;

        /// <summary>Where keys stand for the rotary embedding.</summary>
        public PositionMode Positions { get; init; } = PositionMode.Rolling;

        /// <summary>Entries of document and question together: the budget, and never so many that the window has no room for the answer.</summary>
        internal int Target(LayerCache layer) =>
            Math.Min(layer.Resolve(Keep, layer.PromptLength, 2), layer.ContextLength - Math.Min(Answer, layer.ContextLength / 4));
    }

    private sealed class Session(Options options) : CacheSession
    {
        private readonly SelectionBuffers _buffers = new();
        private FinchSchedule _schedule;

        public override CacheSession Fork() => new Session(options);

        public override int GuideTokens(LayerCache layer, int promptTokens) =>
            Math.Max(1, Math.Min(base.GuideTokens(layer, promptTokens), options.Target(layer) / 2));

        public override int NextChunk(LayerCache layer, in GuidedReading reading)
        {
            int target = options.Target(layer), question = reading.QuestionTokens;
            if (reading.Read == 0)
            {
                if ((long)reading.LiveEntries + reading.DocumentTokens + question <= target)
                    return 0;
                if (question >= target)
                    throw new WinnowException($"the question of {question} tokens fills the {target} entries that cache policy 'finch' may keep; use a larger --keep");
                _schedule = new FinchSchedule(reading.LiveEntries, reading.DocumentTokens, target - question, options.Factor == Compression.Whole);
            }

            int free = reading.ContextLength - reading.LiveEntries - question;
            if (free < 1)
            {
                throw new WinnowException($"the question of {question} tokens does not fit beside {reading.LiveEntries} live entries into the model's window of "
                    + $"{reading.ContextLength}; use a smaller --keep");
            }

            int automatic = Math.Min(Math.Max(_schedule.LeastChunk, target + options.Answer - question), LongestChunk);
            int chunk = Math.Min(options.Chunk ?? automatic, free);
            return chunk >= _schedule.LeastChunk ? chunk : throw new WinnowException(
                $"chunks of {chunk} tokens leave nothing when one of {_schedule.LeastChunk} is kept; give cache policy 'finch' larger chunks, factor=exact or a larger --keep");
        }

        public override void AfterGuidedChunk(LayerCache layer, in GuidedReading reading, ReadOnlySpan<float> question)
        {
            int length = layer[0].Length, candidates = length - reading.QuestionTokens;
            int kept = _schedule.KeptAfter(reading.Read, reading.ChunkTokens, candidates - reading.ChunkTokens);
            Span<float> scores = _buffers.Scores(candidates);
            scores.Clear();
            for (int head = 0; head < layer.KvHeads; head++)
            {
                AddVotes(layer, head, question, reading.QuestionTokens, scores);
                if (options.Selection == Chooser.Head)
                {
                    layer[head].Keep(Best(scores, kept));
                    scores.Clear();
                }
            }

            if (options.Selection == Chooser.Head)
                return;
            ReadOnlySpan<int> slots = Best(scores, kept);
            for (int head = 0; head < layer.KvHeads; head++)
                layer[head].Keep(slots);
        }

        public override void AfterChunk(LayerCache layer, bool last)
        {
            // Only a question without a document comes here unchecked.
            if (layer[0].Length > layer.ContextLength)
                throw new WinnowException($"the cache's {layer[0].Length} live entries do not fit the model's window of {layer.ContextLength}; use a smaller --keep");
        }

        private void AddVotes(LayerCache layer, int head, ReadOnlySpan<float> question, int questionTokens, Span<float> scores)
        {
            int voters = Math.Min(questionTokens, MostVoters), width = question.Length / questionTokens, group = layer.Shape.GroupSize;
            Span<float> logits = _buffers.Rows(checked(voters * group * layer[head].Length));
            layer.Logits(head, question[^(voters * width)..], layer.Position - voters, logits);
            Finch.AddVotes(logits, voters, group, options, scores);
        }

        private ReadOnlySpan<int> Best(ReadOnlySpan<float> scores, int kept)
        {
            Span<int> slots = _buffers.Slots(kept);
            TopEntries.Select(scores, kept, slots, _buffers.Keys(scores.Length));
            return slots;
        }
    }
}
