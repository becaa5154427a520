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
    private bool _disposed;

    internal Sequence(LanguageModel owner, ChosenPolicy policy, KvStore store, CacheSession? session, QueryHistory? history)
    {
        (_owner, Policy, _store) = (owner, policy, store);
        _attention = new CachedAttention(owner.Model, owner.Runtime(store.Layout.Format), store, policy.Policy.Needs, session, history);
        _logits = new float[owner.Model.Config.VocabularySize];
        _keepLogits = (_, logits) => logits.CopyTo(_logits);
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
    public Span<float> Prefill(ReadOnlySpan<int> tokens, IProgress<int>? progress = null, CancellationToken cancellation = default)
    {
        Prefill(tokens, tokens.Length - 1, _keepLogits, progress, cancellation);
        return _logits;
    }

    /// <summary>Reads a prompt and hands over the logits of all rows from one on: what perplexity and scoring need.</summary>
    /// <param name="tokens">Token ids, at least one.</param>
    /// <param name="firstScored">Index of the first token whose logits are wanted.</param>
    /// <param name="handler">Called for each such token with its index in <paramref name="tokens"/>.</param>
    /// <param name="progress">Told the number of tokens read so far.</param>
    /// <param name="cancellation">Stops between two chunks.</param>
    /// <exception cref="WinnowException">The text would outgrow the model's window, or a token id does not exist.</exception>
    public void Prefill(
        ReadOnlySpan<int> tokens, int firstScored, LogitsHandler handler, IProgress<int>? progress = null, CancellationToken cancellation = default)
    {
        if (tokens.IsEmpty)
            throw new WinnowException("there is nothing to read: the prompt has no tokens");
        Require(tokens);
        _store.PromptLength = Position + tokens.Length;
        for (int start = 0; start < tokens.Length;)
        {
            cancellation.ThrowIfCancellationRequested();
            int count = Math.Min(_owner.Options.ChunkSize, tokens.Length - start);
            int offset = start;
            bool last = start + count == tokens.Length;
            Run(tokens.Slice(start, count), last ? CachePhase.LastChunk : CachePhase.Chunk, Math.Clamp(firstScored - start, 0, count),
                (row, logits) => handler(offset + row, logits));
            start += count;
            progress?.Report(start);
        }
    }

    /// <summary>Adds one generated token.</summary>
    /// <returns>Logits after it, [vocabulary].</returns>
    /// <exception cref="WinnowException">The model's window is full, or the token id does not exist.</exception>
    public Span<float> Decode(int token)
    {
        ReadOnlySpan<int> tokens = [token];
        Require(tokens);
        Run(tokens, CachePhase.Step, 0, _keepLogits);
        return _logits;
    }

    /// <summary>A second sequence with the same past. Pages are shared until one of them writes.</summary>
    public Sequence Fork()
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        Require(CacheFeatures.Fork, "forking");
        Sequence fork = new(_owner, Policy, _store.Fork(), _attention.Session?.Fork(), _attention.History?.Clone());
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
    }

    /// <summary>
    /// Writes the cache, positions and policy state, so that <see cref="LanguageModel.ImportSequence"/> can go on from here in another process.
    /// </summary>
    public void Export(Stream stream)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
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

    private void Run(ReadOnlySpan<int> tokens, CachePhase phase, int firstLogitRow, LogitsHandler handler)
    {
        _attention.Phase = phase;
        _store.PassTokens = tokens.Length;
        try
        {
            _owner.Model.Forward(tokens, _attention, firstLogitRow, handler);
            _store.Advance(tokens.Length);
        }
        catch
        {
            // Some layers may have taken the tokens and some not; all go back to the same position. What a policy dropped meanwhile stays dropped.
            foreach (Lane lane in _store.Lanes)
                lane.Truncate(_store.Position);
            throw;
        }
        finally
        {
            _store.PassTokens = 0;
        }
    }

    private void Require(ReadOnlySpan<int> tokens)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        ModelConfig config = _owner.Model.Config;
        bool rolling = Policy.Policy.Needs.Positions == PositionMode.Rolling;
        if (_owner.Options.EnforceWindow && !rolling && tokens.Length > config.ContextLength - Position)
        {
            throw new WinnowException(
                $"the text of {(long)Position + tokens.Length} tokens is longer than the model's window of {config.ContextLength}; "
                + "shorten it, or use a cache with rolling positions, such as streaming-llm:position=rolling");
        }

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
