using System.Numerics.Tensors;
using Winnow.Caching.Storage;
using Winnow.Kernels.Elementwise;

namespace Winnow.Caching.Policies;

/// <summary>
/// Reads a document chunk by chunk with the question after each chunk, and keeps after each only the entries to which the question attends, so that documents of any length
/// fit a cache of fixed size. Keys are stored unrotated and turned by their rank when read, which is the paper's move to the front slots without its rounding.
/// Corallo and Papotti 2024, "FINCH: Prompt-guided Key-Value Cache Compression", arXiv 2408.00167.
/// </summary>
public sealed class Finch : CachePolicy
{
    private readonly Options _options;

    /// <summary>Creates the policy.</summary>
    public Finch(Options options)
    {
        _options = options;
        Needs = options.Keep.IsUnlimited ? new PolicyNeeds() : new PolicyNeeds { GuidedReading = true, Positions = PositionMode.Rolling };
    }

    /// <summary>Which entries share one choice.</summary>
    public enum ChoiceScope
    {
        /// <summary>All heads of a layer, as in the paper.</summary>
        Layer,

        /// <summary>Each KV head chooses for itself.</summary>
        Head,
    }

    /// <summary>How the compression factor is rounded.</summary>
    public enum FactorRounding
    {
        /// <summary>Not at all, as in the paper: the budget is used.</summary>
        Exact,

        /// <summary>Up to a whole number, as in the released code.</summary>
        Whole,
    }

    /// <summary>The policy in the catalogue.</summary>
    public static PolicyDescriptor Descriptor { get; } = new()
    {
        Name = "finch",
        Summary = "reads a document in chunks, each with the question, and keeps what the question attends to",
        Paper = "Corallo and Papotti 2024, arXiv 2408.00167",
        Options =
        [
            new PolicyOption("chunk", "auto", "document tokens read at a time"),
            new PolicyOption("factor", "exact", "compression factor: exact, or whole as in the released code"),
            new PolicyOption("normalize", "true", "whether a question token's votes count by how much it sees"),
            new PolicyOption("selection", "layer", "which heads share one choice: layer or head"),
            new PolicyOption("reserve", "256", "room that is left for the answer in the model's window"),
        ],
        Survives = CacheFeatures.Fork | CacheFeatures.QuantisedEntries | CacheFeatures.GroupedQueries
            | CacheFeatures.ChunkedPrefill | CacheFeatures.BeyondWindow,
        Build = arguments => new Finch(new Options
        {
            Keep = arguments.Keep,
            Chunk = arguments.OptionalInteger("chunk", 1),
            Factor = arguments.Choice("factor", FactorRounding.Exact),
            Normalize = arguments.Flag("normalize", true),
            Selection = arguments.Choice("selection", ChoiceScope.Layer),
            Reserve = arguments.Integer("reserve", 256, 1),
        }),
    };

    /// <inheritdoc/>
    public override PolicyNeeds Needs { get; }

    /// <inheritdoc/>
    public override CacheSession? Start() => _options.Keep.IsUnlimited ? null : new Session(_options);

    /// <summary>Sizes and variants.</summary>
    public sealed record Options
    {
        /// <summary>Entries of the compressed document and the question together.</summary>
        public Budget Keep { get; init; }

        /// <summary>Document tokens read at a time; null to choose.</summary>
        public int? Chunk { get; init; }

        /// <summary>How the compression factor is rounded.</summary>
        public FactorRounding Factor { get; init; }

        /// <summary>Whether a question token's votes count by how much it sees.</summary>
        public bool Normalize { get; init; } = true;

        /// <summary>Which heads share one choice.</summary>
        public ChoiceScope Selection { get; init; }

        /// <summary>Room for the answer in the model's window.</summary>
        public int Reserve { get; init; } = 256;
    }

    /// <summary>Sizes of one reading: how long chunks are and how many entries are left after each.</summary>
    /// <param name="DocumentTokens">Tokens of the document.</param>
    /// <param name="Kept">Entries of the document that may stay in the end.</param>
    /// <param name="Chunk">Tokens of a chunk.</param>
    /// <param name="Whole">Whether the factor is rounded up to a whole number.</param>
    internal readonly record struct Schedule(int DocumentTokens, int Kept, int Chunk, bool Whole)
    {
        /// <summary>Entries left once <paramref name="read"/> tokens of the document have been read.</summary>
        public int After(int read)
        {
            if (!Whole)
                return (int)((long)Kept * read / DocumentTokens);
            int factor = (DocumentTokens + Kept - 1) / Kept;
            return (read / Chunk * (Chunk / factor)) + (read % Chunk / factor);
        }
    }

    private sealed class Session(Options options) : CacheSession
    {
        private const int LeastChunk = 256;
        private const int MostChunk = 1024;
        private readonly SelectionBuffers _buffers = new();
        private readonly SelectionBuffers _rows = new();
        private Schedule _schedule;
        private int _before;

        public override CacheSession Fork() => new Session(options);

        public override int NextChunk(IReadOnlyList<LayerCache> layers, in GuidedReading reading) =>
            reading.Read > 0 || Plan(layers[0], reading) ? _schedule.Chunk : 0;

        public override void AfterGuidedChunk(LayerCache layer, in GuidedReading reading, ReadOnlySpan<float> question)
        {
            // What earlier turns left is not weighed again; of the document so far, chunks compete with one another.
            int kept = _before + _schedule.After(reading.Read), length = layer[0].Length - reading.QuestionTokens;
            if (length <= kept)
                return;
            Span<float> shared = _buffers.Scores(length);
            shared.Clear();
            for (int head = 0; head < layer.KvHeads; head++)
            {
                if (options.Selection == ChoiceScope.Head)
                    shared.Clear();
                AddVotes(layer, head, reading.QuestionTokens, question, shared);
                if (options.Selection == ChoiceScope.Head)
                    layer[head].Keep(Choose(shared, kept));
            }

            if (options.Selection == ChoiceScope.Head)
                return;
            ReadOnlySpan<int> slots = Choose(shared, kept);
            for (int head = 0; head < layer.KvHeads; head++)
                layer[head].Keep(slots);
        }

        /// <summary>Fixes the sizes for a document.</summary>
        /// <returns>Whether anything has to be dropped.</returns>
        private bool Plan(LayerCache layer, in GuidedReading reading)
        {
            int prompt = reading.DocumentTokens + reading.QuestionTokens, question = reading.QuestionTokens;
            _before = layer[0].Length;
            int room = layer.ContextLength - options.Reserve - _before;
            if (room <= question)
            {
                throw new WinnowException(
                    $"{_before} cached entries and a question of {question} tokens leave no room for the document in the model's window of {layer.ContextLength}; "
                    + "shorten the question or start anew");
            }

            int target = Math.Min(layer.Resolve(options.Keep, prompt, 1), room);
            if (prompt <= target)
                return false;
            int kept = Math.Max(1, target - question);
            // The peak is what was kept, the chunk and the question. A chunk must be long enough for something of it to stay.
            int most = Math.Max(1, layer.ContextLength - _before - kept - question), factor = (reading.DocumentTokens + kept - 1) / kept;
            int wanted = options.Chunk ?? Math.Clamp(kept + options.Reserve, LeastChunk, MostChunk);
            _schedule = new Schedule(reading.DocumentTokens, kept, Math.Min(Math.Max(wanted, factor), most), options.Factor == FactorRounding.Whole);
            return true;
        }

        /// <summary>Adds what the question's tokens attend to over all heads of the lane's group.</summary>
        private void AddVotes(LayerCache layer, int head, int questionTokens, ReadOnlySpan<float> question, Span<float> votes)
        {
            int length = layer[head].Length, group = layer.Shape.GroupSize;
            Span<float> logits = _rows.Rows(questionTokens * group * length);
            layer.Logits(head, question, layer.Position - questionTokens, logits);
            for (int row = 0; row < questionTokens * group; row++)
            {
                Span<float> probabilities = logits.Slice(row * length, length);
                Softmax.InPlace(probabilities);
                // A row that sees more spreads its mass over more: its share of the sum grows with what it sees.
                float weight = options.Normalize ? (length - questionTokens + (row / group) + 1) / (float)length : 1;
                TensorPrimitives.MultiplyAdd(probabilities[..votes.Length], weight, votes, votes);
            }
        }

        private ReadOnlySpan<int> Choose(ReadOnlySpan<float> votes, int kept)
        {
            Span<int> slots = _buffers.Slots(kept);
            TopEntries.Select(votes, kept, slots, _buffers.Keys(votes.Length));
            return slots;
        }
    }
}
