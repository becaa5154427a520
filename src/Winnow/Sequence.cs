using Winnow.Caching;
using Winnow.Caching.Storage;
using Winnow.Models;

namespace Winnow;

/// <summary>
/// A handle on one text in the engine: prefill, decode, fork, truncate, export, release. Sequences of one model may live side by side; their forward passes run
/// one at a time.
/// </summary>
public sealed class Sequence : IDisposable
{
    private readonly LanguageModel _owner;
    private readonly CachedAttention _attention;
    private readonly KvStore _store;
    private readonly float[] _logits;
    private readonly LogitsHandler _keepLogits;
    private readonly bool _rolls;
    private readonly bool _mayOutgrow;
    private byte[] _kinds = [];
    private bool _unfinished;
    private bool _disposed;

    internal Sequence(LanguageModel owner, ChosenPolicy policy, KvStore store, CacheSession? session, QueryHistory? history)
    {
        (_owner, Policy, _store) = (owner, policy, store);
        _attention = new CachedAttention(owner.Model, owner.Runtime(store.Layout.Format), store, policy.Policy.Needs, session, history);
        _logits = new float[owner.Model.Config.VocabularySize];
        _keepLogits = (_, logits) => logits.CopyTo(_logits);
        _rolls = policy.Policy.Needs.Positions == PositionMode.Rolling;
        _mayOutgrow = _rolls && policy.Descriptor.Survives.HasFlag(CacheFeatures.BeyondWindow);
    }

    /// <summary>Tokens seen: the true position of the next one.</summary>
    public int Position => _store.Position;

    /// <summary>The policy that guides the cache.</summary>
    public ChosenPolicy Policy { get; }

    /// <summary>What the cache holds.</summary>
    public KvStore Cache => _store;

    /// <summary>Logits after the newest token, [vocabulary]; may be changed in place by a sampler.</summary>
    public Span<float> Logits => _logits;

    /// <summary>Reads a prompt, chunk by chunk.</summary>
    /// <param name="tokens">Token ids, at least one.</param>
    /// <param name="progress">Told the number of tokens read so far.</param>
    /// <param name="cancellation">Stops between two chunks; what was read until then stays.</param>
    /// <returns>Logits after the last token, [vocabulary].</returns>
    /// <exception cref="WinnowException">The text would outgrow the model's window, or a token id does not exist.</exception>
    public Span<float> Prefill(ReadOnlySpan<int> tokens, IProgress<int>? progress = null, CancellationToken cancellation = default) =>
        Prefill(tokens, 0, progress, cancellation);

    /// <summary>Reads a prompt and tells the policy which part of it is the question.</summary>
    /// <param name="tokens">Token ids, at least one.</param>
    /// <param name="questionTokens">How many of the last tokens are the question and what follows it; 0 leaves it to the policy.</param>
    /// <param name="progress">Told the number of tokens read so far.</param>
    /// <param name="cancellation">Stops between two chunks; what was read until then stays.</param>
    /// <returns>Logits after the last token, [vocabulary].</returns>
    /// <exception cref="WinnowException">The text would outgrow the model's window, or a token id does not exist.</exception>
    public Span<float> Prefill(ReadOnlySpan<int> tokens, int questionTokens, IProgress<int>? progress = null, CancellationToken cancellation = default)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(questionTokens);
        Read(tokens, Math.Min(questionTokens, tokens.Length), tokens.Length - 1, _keepLogits, progress, cancellation);
        return _logits;
    }

    /// <summary>
    /// Reads the beginning of a prompt that goes on, such as what several prompts share: the policy decides nothing yet. Fork for each prompt and read its rest
    /// with <see cref="Prefill(ReadOnlySpan{int}, IProgress{int}?, CancellationToken)"/>; it ends as if it had been read at once.
    /// </summary>
    /// <param name="tokens">Token ids, at least one.</param>
    /// <param name="progress">Told the number of tokens read so far.</param>
    /// <param name="cancellation">Stops between two chunks; what was read until then stays.</param>
    /// <exception cref="WinnowException">
    /// The policy does not wait for the prompt's end, the text would outgrow the model's window, or a token id does not exist.
    /// </exception>
    public void PrefillPrefix(ReadOnlySpan<int> tokens, IProgress<int>? progress = null, CancellationToken cancellation = default)
    {
        Require(CacheFeatures.PrefixReuse, "reading the beginning of a prompt apart from its rest");
        if (_rolls)
            throw new WinnowException($"cache policy '{Policy.Descriptor.Name}' with rolling positions drops entries while a prompt is read; use position=original");
        RequireReadable(tokens);
        _store.PromptLength = Position + tokens.Length;
        _unfinished = true;
        ReadChunks(tokens, 0, tokens.Length, _keepLogits, progress, cancellation);
    }

    /// <summary>Reads a prompt and hands over the logits of all rows from one on: what perplexity and scoring need.</summary>
    /// <param name="tokens">Token ids, at least one.</param>
    /// <param name="firstScored">Index of the first token whose logits are wanted.</param>
    /// <param name="handler">Called for each such token with its index in <paramref name="tokens"/>.</param>
    /// <param name="progress">Told the number of tokens read so far.</param>
    /// <param name="cancellation">Stops between two chunks.</param>
    /// <exception cref="WinnowException">
    /// The text would outgrow the model's window, a token id does not exist, or the policy does not read every token in order.
    /// </exception>
    public void Prefill(
        ReadOnlySpan<int> tokens, int firstScored, LogitsHandler handler, IProgress<int>? progress = null, CancellationToken cancellation = default)
    {
        if (Policy.Policy.Needs.GuidedReading)
            throw new WinnowException($"cache policy '{Policy.Descriptor.Name}' reads documents with a question after each chunk, so single tokens cannot be scored");
        Read(tokens, 0, firstScored, handler, progress, cancellation);
    }

    /// <summary>Adds one generated token.</summary>
    /// <returns>Logits after it, [vocabulary].</returns>
    /// <exception cref="WinnowException">The model's window is full, the token id does not exist, or the prompt is not finished.</exception>
    public Span<float> Decode(int token)
    {
        ReadOnlySpan<int> tokens = [token];
        RequireStep(tokens);
        Run(tokens, CachePhase.Step, 0, _keepLogits);
        return _logits;
    }

    /// <summary>A second sequence with the same past. Pages are shared until one of them writes.</summary>
    public Sequence Fork()
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        Require(CacheFeatures.Fork, "forking");
        Sequence fork = new(_owner, Policy, _store.Fork(), _attention.Session?.Fork(), _attention.History?.Clone()) { _unfinished = _unfinished };
        _logits.CopyTo(fork._logits, 0);
        return fork;
    }

    /// <summary>Forgets every token from a position on. <see cref="Logits"/> keep their values until the next token is read.</summary>
    /// <exception cref="WinnowException">The policy has dropped or scored entries since then.</exception>
    public void Truncate(int position)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        if (position == Position)
            return;
        _store.Truncate(position);
        _attention.History?.Clear();
        _attention.Session?.Truncate(position);
    }

    /// <summary>
    /// Writes the cache, positions and policy state, so that <see cref="LanguageModel.ImportSequence"/> can go on from here in another process.
    /// </summary>
    /// <exception cref="WinnowException">The prompt is not finished: what a policy gathers while it reads is not written.</exception>
    public void Export(Stream stream)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        RequireFinished("exporting");
        using BinaryWriter writer = new(stream, System.Text.Encoding.UTF8, leaveOpen: true);
        KvStoreFile.Write(_store, stream);
        writer.Write(Policy.Descriptor.Name);
        _attention.Session?.Save(writer);
        writer.Write(System.Runtime.InteropServices.MemoryMarshal.AsBytes(_logits.AsSpan()));
    }

    /// <summary>Gives all memory back.</summary>
    public void Dispose()
    {
        if (_disposed)
            return;
        _disposed = true;
        _attention.Dispose();
        _store.Dispose();
    }

    internal CachedAttention Attention => _attention;

    internal bool BelongsTo(LanguageModel model) => ReferenceEquals(_owner, model);

    /// <summary>Checks that one more token can be generated, before anything changes.</summary>
    internal void RequireStep(ReadOnlySpan<int> token)
    {
        Require(token);
        RequireFinished("generating");
    }

    /// <summary>Prepares for a forward pass over some tokens, which <see cref="CompletePass"/> or <see cref="AbandonPass"/> ends.</summary>
    internal void BeginPass(ReadOnlySpan<int> tokens, CachePhase phase)
    {
        _attention.Phase = phase;
        _attention.Kinds = KindsOf(tokens);
        _store.PassTokens = tokens.Length;
    }

    internal void CompletePass()
    {
        _store.Advance(_store.PassTokens);
        _store.PassTokens = 0;
    }

    /// <summary>
    /// After a pass that failed: some layers may have taken the tokens and some not, so all go back to the same position. What a policy dropped meanwhile stays
    /// dropped.
    /// </summary>
    internal void AbandonPass()
    {
        _store.PassTokens = 0;
        foreach (Lane lane in _store.Lanes)
            lane.Truncate(_store.Position);
        _attention.Session?.Truncate(_store.Position);
    }

    internal void Import(Stream stream)
    {
        KvStoreFile.Read(_store, stream);
        try
        {
            using BinaryReader reader = new(stream, System.Text.Encoding.UTF8, leaveOpen: true);
            string policy = reader.ReadString();
            if (policy != Policy.Descriptor.Name)
                throw new WinnowException(
                    $"the exported sequence was made under cache policy '{policy}', not '{Policy.Descriptor.Name}'; import it with the same policy");
            _attention.Session?.Load(reader);
            stream.ReadExactly(System.Runtime.InteropServices.MemoryMarshal.AsBytes(_logits.AsSpan()));
        }
        catch (EndOfStreamException)
        {
            throw new WinnowException("the exported sequence is truncated: the stream ends before its logits");
        }
    }

    private void Read(
        ReadOnlySpan<int> tokens, int questionTokens, int firstScored, LogitsHandler handler, IProgress<int>? progress, CancellationToken cancellation)
    {
        RequireReadable(tokens);
        PolicyNeeds needs = Policy.Policy.Needs;
        _store.PromptLength = Position + tokens.Length;
        int start = needs.GuidedReading ? ReadGuided(tokens, questionTokens, progress, cancellation) : 0;
        _unfinished = false;
        ReadChunks(tokens, start, firstScored, handler, progress, cancellation);
        if (needs.Replay && _attention.Session is not null)
            Replay(tokens, needs.ReplayTexts, cancellation);
        _attention.Session?.AfterPrompt(_attention.Layers);
    }

    private void ReadChunks(
        ReadOnlySpan<int> tokens, int start, int firstScored, LogitsHandler handler, IProgress<int>? progress, CancellationToken cancellation)
    {
        while (start < tokens.Length)
        {
            cancellation.ThrowIfCancellationRequested();
            int count = Math.Min(_owner.Options.ChunkSize, tokens.Length - start);
            int offset = start;
            bool last = start + count == tokens.Length && !_unfinished;
            Run(tokens.Slice(start, count), last ? CachePhase.LastChunk : CachePhase.Chunk, Math.Clamp(firstScored - start, 0, count),
                (row, logits) => handler(offset + row, logits));
            start += count;
            progress?.Report(start);
        }
    }

    /// <summary>Reads the document chunk by chunk with the question after each, as the policy wishes.</summary>
    /// <returns>Tokens of the document that were read.</returns>
    private int ReadGuided(ReadOnlySpan<int> tokens, int questionTokens, IProgress<int>? progress, CancellationToken cancellation)
    {
        if (_attention.Session is not { } session)
            return 0;
        LayerCache first = _attention.Layers[0];
        int question = questionTokens > 0 ? questionTokens : Math.Min(session.GuideTokens(first, tokens.Length), tokens.Length);
        int document = tokens.Length - question, read = 0;
        int[] pass = [];
        while (question > 0 && read < document)
        {
            cancellation.ThrowIfCancellationRequested();
            GuidedReading reading = new(document, question, read, 0, _store.LongestLane, _owner.Model.Config.ContextLength);
            int count = Math.Min(session.NextChunk(first, reading), document - read);
            if (count <= 0)
                break;
            if (pass.Length < count + question)
                pass = new int[count + question];
            tokens.Slice(read, count).CopyTo(pass);
            tokens[document..].CopyTo(pass.AsSpan(count));
            read += count;
            _attention.Reading = reading with { Read = read, ChunkTokens = count };
            int end = Position + count;
            Run(pass.AsSpan(0, count + question), CachePhase.Guided, count + question, _keepLogits);
            _store.Retract(end);
            progress?.Report(read);
        }

        return read;
    }

    /// <summary>Reads texts against the finished cache for the observer, each from the prompt's end, and drops what they cached.</summary>
    private void Replay(ReadOnlySpan<int> prompt, IReadOnlyList<string> texts, CancellationToken cancellation)
    {
        int end = Position;
        for (int text = 0; text < Math.Max(1, texts.Count); text++)
        {
            ReadOnlySpan<int> tokens = texts.Count == 0 ? prompt : [.. _owner.Tokenizer.Encode(texts[text])];
            try
            {
                for (int start = 0; start < tokens.Length; start += _owner.Options.ChunkSize)
                {
                    cancellation.ThrowIfCancellationRequested();
                    ReadOnlySpan<int> chunk = tokens[start..Math.Min(tokens.Length, start + _owner.Options.ChunkSize)];
                    Run(chunk, CachePhase.Replay, chunk.Length, _keepLogits);
                }
            }
            finally
            {
                _store.Retract(end);
            }
        }
    }

    private void Run(ReadOnlySpan<int> tokens, CachePhase phase, int firstLogitRow, LogitsHandler handler)
    {
        BeginPass(tokens, phase);
        try
        {
            _owner.Model.Forward(tokens, _attention, firstLogitRow, handler);
            CompletePass();
        }
        catch
        {
            AbandonPass();
            throw;
        }
    }

    private ReadOnlyMemory<byte> KindsOf(ReadOnlySpan<int> tokens)
    {
        if (!Policy.Policy.Needs.TokenKinds)
            return default;
        if (_kinds.Length < tokens.Length)
            _kinds = new byte[Math.Max(tokens.Length, _owner.Options.ChunkSize)];
        for (int i = 0; i < tokens.Length; i++)
            _kinds[i] = (byte)_owner.TokenKinds[tokens[i]];
        return _kinds.AsMemory(0, tokens.Length);
    }

    private void RequireReadable(ReadOnlySpan<int> tokens)
    {
        if (tokens.IsEmpty)
            throw new WinnowException("there is nothing to read: the prompt has no tokens");
        Require(tokens);
        int chunk = _owner.Options.ChunkSize;
        if (tokens.Length > chunk)
            Require(CacheFeatures.ChunkedPrefill, $"a prompt of {tokens.Length} tokens in chunks of {chunk}; load the model with a larger chunk size");
    }

    private void RequireFinished(string use)
    {
        if (_unfinished)
            throw new WinnowException($"the prompt is not finished at position {Position}: read its rest with Prefill before {use}");
    }

    private void Require(ReadOnlySpan<int> tokens)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        ModelConfig config = _owner.Model.Config;
        if (_owner.Options.EnforceWindow && !_mayOutgrow && tokens.Length > config.ContextLength - Position)
        {
            throw new WinnowException(
                $"the text of {(long)Position + tokens.Length} tokens is longer than the model's window of {config.ContextLength}; "
                + "shorten it, or use a cache with rolling positions, such as streaming-llm:position=rolling");
        }

        // Rolling positions count live entries, so those must fit instead; a prompt's are cut as it is read.
        if (_owner.Options.EnforceWindow && _rolls && tokens.Length == 1 && _store.LongestLane >= config.ContextLength)
            throw new WinnowException($"the cache's {_store.LongestLane} live entries fill the model's window of {config.ContextLength}; use a smaller --keep");
        foreach (int token in tokens)
        {
            if ((uint)token >= (uint)config.VocabularySize)
                throw new WinnowException($"token id {token} does not exist: the model has {config.VocabularySize} tokens");
        }
    }

    private void Require(CacheFeatures feature, string use)
    {
        if (!Policy.Descriptor.Survives.HasFlag(feature))
            throw new WinnowException($"cache policy '{Policy.Descriptor.Name}' does not allow {use}");
    }
}
