using System.Collections.Concurrent;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Winnow.Caching;
using Winnow.Kernels.Attention;

namespace Winnow.Evaluation;

/// <summary>
/// Agreement with the full cache on a running text: a passage's first part is read and compressed, the rest is fed token by token, and at each place the next
/// token's distribution is compared with the full cache's. No answer is needed, so any text will do. A row is a passage.
/// </summary>
public sealed class AgreementWork : SweepWork
{
    /// <summary>Share of places where the likeliest token is the full cache's, in percent.</summary>
    public const string AgreementTask = "agreement_top1";

    /// <summary>Mean KL(full ‖ policy) over the places, in nats.</summary>
    public const string DivergenceTask = "kl_divergence";

    private readonly int[][] _passages;
    private readonly AgreementOptions _options;
    private readonly ConcurrentDictionary<int, Lazy<ReferenceAnswer>> _references = [];

    /// <summary>Cuts a text into passages.</summary>
    /// <param name="model">The model.</param>
    /// <param name="tokens">The text's token ids by the model's own rule. For models with BOS, the first token of each passage is replaced by it.</param>
    /// <param name="options">Lengths and number of passages.</param>
    /// <exception cref="WinnowException">A length cannot work, the text is shorter than a passage, or a passage longer than the model's window.</exception>
    public AgreementWork(LanguageModel model, ReadOnlySpan<int> tokens, AgreementOptions options)
    {
        int length = Check(model, tokens.Length, options);
        int count = Math.Min(options.Passages, tokens.Length / length);
        _options = options;
        _passages = new int[count][];
        for (int i = 0; i < count; i++)
        {
            _passages[i] = tokens.Slice(i * length, length).ToArray();
            if (model.Tokenizer is { AddsBos: true, BosId: int bos })
                _passages[i][0] = bos;
        }
    }

    /// <inheritdoc/>
    public override int Rows => _passages.Length;

    /// <inheritdoc/>
    public override string Digest
    {
        get
        {
            using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
            hash.AppendData(BitConverter.GetBytes(_options.PromptTokens));
            foreach (int[] passage in _passages)
                hash.AppendData(MemoryMarshal.AsBytes(passage.AsSpan()));
            return Convert.ToHexStringLower(hash.GetHashAndReset());
        }
    }

    /// <inheritdoc/>
    public override IReadOnlyList<Measure> Measures(int row) => [new Measure(AgreementTask), new Measure(DivergenceTask, IsPercent: false)];

    /// <inheritdoc/>
    public override long Cost(int row) => _passages[row].Length;

    /// <inheritdoc/>
    public override void Require(LanguageModel model, IReadOnlyList<ChosenPolicy> policies, EntryTypes entries)
    {
        foreach (ChosenPolicy policy in policies)
            model.CreateSequence(policy, entries).Dispose();
    }

    /// <inheritdoc/>
    public override IEnumerable<RowOutcome> Run(
        LanguageModel model, ChosenPolicy policy, EntryTypes entries, IReadOnlyList<int> rows, CancellationToken cancellation)
    {
        foreach (int row in rows)
        {
            ReferenceAnswer reference = Reference(model, entries, row, cancellation);
            using Sequence sequence = model.CreateSequence(policy, entries);
            sequence.Prefill(_passages[row].AsSpan(0, _options.PromptTokens), progress: null, cancellation);
            long bytes = sequence.Cache.KvBytes;
            (double agreement, double divergence) = reference.Compare(sequence, _ => { }, cancellation);
            yield return new RowOutcome([100 * agreement, divergence], bytes);
        }
    }

    private static int Check(LanguageModel model, int tokens, AgreementOptions options)
    {
        if (options.PromptTokens < 1 || options.GenTokens < 1 || options.Passages < 1)
        {
            throw new WinnowException(
                $"{options.Passages} passages of {options.PromptTokens} prompt tokens and {options.GenTokens} more cannot be measured; "
                + "each number must be 1 or more");
        }

        long length = (long)options.PromptTokens + options.GenTokens;
        int window = model.Model.Config.ContextLength;
        if (length > window)
        {
            throw new WinnowException(
                $"a passage of {length} tokens is longer than the model's window of {window}; the full cache needs all of it there: ask for fewer");
        }

        return tokens >= length
            ? (int)length
            : throw new WinnowException($"the text has {tokens} tokens, fewer than one passage of {length}; use a longer text, or fewer prompt tokens");
    }

    /// <summary>The full cache's logits on a passage; made by whoever needs them first, while others wait.</summary>
    private ReferenceAnswer Reference(LanguageModel model, EntryTypes entries, int row, CancellationToken cancellation)
    {
        Lazy<ReferenceAnswer> reference = _references.GetOrAdd(
            row, _ => new Lazy<ReferenceAnswer>(() => Measure(model, entries, _passages[row], cancellation), LazyThreadSafetyMode.ExecutionAndPublication));
        return reference.Value;
    }

    private ReferenceAnswer Measure(LanguageModel model, EntryTypes entries, int[] passage, CancellationToken cancellation)
    {
        ReferenceAnswer reference = new(_options.GenTokens) { Tokens = passage[_options.PromptTokens..] };
        using Sequence sequence = model.CreateSequence(null, entries);
        reference.Add(sequence.Prefill(passage.AsSpan(0, _options.PromptTokens), progress: null, cancellation));
        foreach (int token in passage.AsSpan(_options.PromptTokens, _options.GenTokens - 1))
        {
            cancellation.ThrowIfCancellationRequested();
            reference.Add(sequence.Decode(token));
        }

        return reference;
    }
}
