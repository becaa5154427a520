using Winnow.Caching;
using Winnow.Caching.Storage;
using Winnow.Formats;
using Winnow.Kernels.Attention;
using Winnow.Kernels.Linear;
using Winnow.Kernels.Threading;
using Winnow.Models;
using Winnow.Tokenization;

namespace Winnow;

/// <summary>A model ready to use: weights, tokenizer, threads, and the caches of its sequences.</summary>
/// <example>
/// <code>
/// using LanguageModel model = LanguageModel.Load("SmolLM2-135M-Instruct.Q4_1.gguf");
/// using Sequence sequence = model.CreateSequence(PolicyCatalogue.Parse("sage-kv", Budget.Parse("25%")));
/// sequence.Prefill(model.Tokenizer.Encode(document).ToArray());
/// </code>
/// </example>
public sealed class LanguageModel : IDisposable
{
    private readonly Checkpoint _checkpoint;
    private readonly ThreadTeam _team;
    private readonly Dictionary<PageFormat, CacheRuntime> _runtimes = [];
    private readonly Lock _gate = new();
    private readonly SequenceBatch _batch;
    private readonly Lazy<Tokenizer> _tokenizer;
    private TokenKinds[]? _tokenKinds;
    private bool _disposed;

    private LanguageModel(Checkpoint checkpoint, ThreadTeam team, ModelOptions options, Lazy<Tokenizer> tokenizer)
    {
        (_checkpoint, _team, Options, _tokenizer, _batch) = (checkpoint, team, options, tokenizer, new SequenceBatch(this));
        Model = ModelLoader.Load(checkpoint, team, options.Activations);
    }

    /// <summary>Weights and forward pass.</summary>
    public DecoderModel Model { get; }

    /// <summary>The model's vocabulary.</summary>
    public Tokenizer Tokenizer => _tokenizer.Value;

    /// <summary>How the model was loaded.</summary>
    public ModelOptions Options { get; }

    /// <summary>Threads of a forward pass.</summary>
    public int Threads => _team.Size;

    /// <summary>The opened file or folder.</summary>
    public Checkpoint Checkpoint => _checkpoint;

    /// <summary>Loads a GGUF file, a safetensors file, or a folder with config.json and safetensors.</summary>
    /// <exception cref="WinnowException">The file is broken or of an unknown family.</exception>
    public static LanguageModel Load(string path, ModelOptions? options = null) => Load(path, options ?? new ModelOptions(), readsVocabulary: true);

    /// <summary>Loads a model whose vocabulary is read when it is first asked for.</summary>
    internal static LanguageModel LoadWeights(string path, ModelOptions options) => Load(path, options, readsVocabulary: false);

    private static LanguageModel Load(string path, ModelOptions options, bool readsVocabulary)
    {
        if (options.Threads is < 0 or > 1024)
            throw new WinnowException($"{options.Threads} threads cannot work: use 1 to 1024, or 0 for one on each processor");
        if (options.ChunkSize is < 1 or > 16384)
            throw new WinnowException($"a chunk of {options.ChunkSize} tokens cannot work: use 1 to 16384");
        Checkpoint checkpoint = Checkpoint.Open(path);
        Lazy<Tokenizer> tokenizer = new(() => TokenizerFactory.FromCheckpoint(checkpoint));
        // Beside the weights: a large vocabulary takes as long as packing a small model's matrices.
        Task reading = readsVocabulary ? Task.Run(() => tokenizer.Value) : Task.CompletedTask;
        ThreadTeam? team = null;
        LanguageModel? model = null;
        try
        {
            team = new ThreadTeam(options.Threads == 0 ? Environment.ProcessorCount : options.Threads);
            model = new LanguageModel(checkpoint, team, options, tokenizer);
            reading.GetAwaiter().GetResult();
            return model;
        }
        catch
        {
            // The reading ends first: it reads what is unmapped here. Its own failure, if any, is either the one that came here or comes second.
            Task.WaitAny(reading);
            model?.Dispose();
            team?.Dispose();
            checkpoint.Dispose();
            throw;
        }
    }

    /// <summary>Starts an empty sequence.</summary>
    /// <param name="policy">What guides its cache; null for the full cache.</param>
    /// <param name="entries">How keys and values are stored; 16-bit floats unless given.</param>
    /// <exception cref="WinnowException">The policy cannot work with this model or these entry types.</exception>
    public Sequence CreateSequence(ChosenPolicy? policy = null, EntryTypes entries = default)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        policy ??= ChosenPolicy.Full;
        Refuse(policy, entries);
        PolicyNeeds needs = policy.Policy.Needs;
        ModelConfig config = Model.Config;
        int channels = needs.Observer?.Channels(config.QueryHeads / config.KvHeads) ?? 1;
        KvLayout layout = new(config.Layers, config.KvHeads, new PageFormat(config.HeadDim, entries), needs.AllFields, channels);
        QueryHistory? history = needs.RecentQueries > 0 ? new QueryHistory(config.Layers, needs.RecentQueries, config.QueryHeads * config.HeadDim) : null;
        return new Sequence(this, policy, new KvStore(layout, Runtime(layout.Format).Pool), policy.Policy.Start(), history);
    }

    /// <summary>Continues a sequence that <see cref="Sequence.Export"/> wrote with the same model, policy and entry types.</summary>
    /// <exception cref="WinnowException">The stream is broken or was written for something else.</exception>
    public Sequence ImportSequence(Stream stream, ChosenPolicy? policy = null, EntryTypes entries = default)
    {
        Sequence sequence = CreateSequence(policy, entries);
        try
        {
            sequence.Import(stream);
            return sequence;
        }
        catch
        {
            sequence.Dispose();
            throw;
        }
    }

    /// <summary>
    /// Adds one generated token to each of several sequences with one pass over the weights. Each sequence stands at its own position and keeps its own policy,
    /// cache length and entry types; which sequences make a batch, and in which order, may change from call to call.
    /// </summary>
    /// <param name="sequences">Sequences of this model, none of them twice.</param>
    /// <param name="tokens">The token of each sequence.</param>
    /// <remarks>
    /// The logits after each token lie in <see cref="Sequence.Logits"/> of its sequence. They are those of <see cref="Sequence.Decode"/>: to the last bit for
    /// one or two sequences; for more, matrix products add in another order, and logits differ by rounding. A sequence's logits do not depend on which
    /// sequences are beside it, only on how many.
    /// </remarks>
    /// <exception cref="WinnowException">
    /// The window of a sequence is full, its token id does not exist, or its prompt is not finished. No sequence has changed.
    /// </exception>
    /// <exception cref="ArgumentException">
    /// There is no sequence, one is named twice or belongs to another model, or the numbers of sequences and tokens differ. No sequence has changed.
    /// </exception>
    /// <exception cref="ObjectDisposedException">A sequence or the model is disposed. No sequence has changed.</exception>
    public void DecodeBatch(ReadOnlySpan<Sequence> sequences, ReadOnlySpan<int> tokens)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        _batch.Decode(sequences, tokens);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_disposed)
            return;
        _disposed = true;
        Model.Dispose();
        foreach (CacheRuntime runtime in _runtimes.Values)
            runtime.Dispose();
        _team.Dispose();
        _checkpoint.Dispose();
    }

    /// <summary>Kind of every token, made when the first policy asks for it.</summary>
    internal TokenKinds[] TokenKinds => _tokenKinds ??= TokenKindTable.Of(Tokenizer);

    internal CacheRuntime Runtime(PageFormat format)
    {
        lock (_gate)
        {
            if (!_runtimes.TryGetValue(format, out CacheRuntime? runtime))
                _runtimes[format] = runtime = new CacheRuntime(_team, format, integers: Options.Activations != ActivationMode.Float);
            return runtime;
        }
    }

    private void Refuse(ChosenPolicy policy, EntryTypes entries)
    {
        string name = policy.Descriptor.Name;
        CacheFeatures survives = policy.Descriptor.Survives;
        PolicyNeeds needs = policy.Policy.Needs;
        ModelConfig config = Model.Config;
        policy.Policy.Require(config);
        if (needs.Positions == PositionMode.Rolling && config.Rotary is null)
            throw new WinnowException(
                $"cache policy '{name}' asks for rolling positions, but {config.Architecture} models have no rotary embedding; use position=original");
        if (entries.IsQuantised && !survives.HasFlag(CacheFeatures.QuantisedEntries))
            throw new WinnowException($"cache policy '{name}' does not work with entries of type {entries}; use f16");
        if (config.QueryHeads > config.KvHeads && !survives.HasFlag(CacheFeatures.GroupedQueries))
            throw new WinnowException($"cache policy '{name}' does not work with grouped queries, which {config.Architecture} uses; choose another policy");
        if (config.QueryHeads / config.KvHeads > 32 && needs.AllFields.HasFlag(EntryFields.HeadMasks))
            throw new WinnowException(
                $"cache policy '{name}' tells at most 32 query heads of a group apart; this model has {config.QueryHeads / config.KvHeads}");
        if (config.SlidingWindow > 0 && !survives.HasFlag(CacheFeatures.SlidingWindow))
            throw new WinnowException($"cache policy '{name}' does not work with sliding windows, which {config.Architecture} uses; choose another policy");
    }
}
