using System.Security.Cryptography;
using System.Text;
using Winnow.Caching;
using Winnow.Decoding;
using Winnow.Kernels.Attention;
using Winnow.Models;
using Winnow.Tokenization;

namespace Winnow.Evaluation;

/// <summary>Questions over texts. The likeliest token is always taken, and the output is scored as the row says.</summary>
public sealed class QuestionWork : SweepWork
{
    private readonly IReadOnlyList<DataRow> _rows;
    private readonly PromptTokens[] _prompts;
    private readonly bool _questionAware;

    /// <summary>Makes prompts of rows: the model's chat template around context and question, then the answer's prefix.</summary>
    /// <param name="tokenizer">The model's tokenizer.</param>
    /// <param name="rows">What to answer, at least one.</param>
    /// <param name="questionAware">
    /// Whether a policy sees the question before it compresses. Otherwise it compresses the context alone, and the question is read over what was kept.
    /// </param>
    /// <exception cref="WinnowException">There is nothing to answer.</exception>
    public QuestionWork(Tokenizer tokenizer, IReadOnlyList<DataRow> rows, bool questionAware)
    {
        if (rows.Count == 0)
            throw new WinnowException("there is nothing to evaluate: no row was given");
        PromptRenderer chat = new(tokenizer, raw: false), plain = new(tokenizer, raw: true);
        _rows = rows;
        _prompts = [.. rows.Select(row => Encode(row.Plain ? plain : chat, row))];
        _questionAware = questionAware;
    }

    /// <inheritdoc/>
    public override int Rows => _rows.Count;

    /// <inheritdoc/>
    public override string Digest
    {
        get
        {
            using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
            foreach (DataRow row in _rows)
            {
                foreach (string part in (string[])[row.Task, row.Context, row.Question, row.AnswerPrefix, row.Metric.Name, $"{row.MaxNewTokens} {row.Plain}",
                    .. row.Answers])
                    hash.AppendData(Encoding.UTF8.GetBytes(part + "\0"));
            }

            return Convert.ToHexStringLower(hash.GetHashAndReset());
        }
    }

    /// <summary>Tokens of a row's prompt: template, context, question and the answer's prefix.</summary>
    public static PromptTokens Encode(PromptRenderer renderer, DataRow row) => renderer.EncodePrompt(null, row.Context, row.Question, row.AnswerPrefix);

    /// <inheritdoc/>
    public override IReadOnlyList<Measure> Measures(int row) => [new Measure(_rows[row].Task)];

    /// <inheritdoc/>
    public override long Cost(int row) => _prompts[row].Tokens.Length + _rows[row].MaxNewTokens;

    /// <inheritdoc/>
    public override bool Follows(int row) => row > 0 && !_questionAware && ContextTokens(row).SequenceEqual(ContextTokens(row - 1));

    /// <inheritdoc/>
    public override void Require(LanguageModel model, IReadOnlyList<ChosenPolicy> policies, EntryTypes entries)
    {
        foreach (ChosenPolicy policy in policies)
            model.CreateSequence(policy, entries).Dispose();
        if (!policies.Any(policy => HasWindow(model, policy)))
            return;
        int longest = Enumerable.Range(0, Rows).MaxBy(row => _prompts[row].Tokens.Length), window = model.Model.Config.ContextLength;
        if (_prompts[longest].Tokens.Length >= window)
        {
            throw new WinnowException(
                $"row {longest + 1} ({_rows[longest].Task}) has {_prompts[longest].Tokens.Length} tokens and leaves no room for an answer "
                + $"in the model's window of {window}; use shorter texts");
        }
    }

    /// <inheritdoc/>
    public override IEnumerable<RowOutcome> Run(
        LanguageModel model, ChosenPolicy policy, EntryTypes entries, IReadOnlyList<int> rows, CancellationToken cancellation)
    {
        Sequence? shared = null;
        try
        {
            if (rows.Count > 1 && policy.Descriptor.Survives.HasFlag(CacheFeatures.Fork))
            {
                // Several questions over one text: it is read and compressed once.
                shared = model.CreateSequence(policy, entries);
                shared.Prefill(ContextTokens(rows[0]), progress: null, cancellation);
            }

            foreach (int row in rows)
            {
                using Sequence sequence = shared?.Fork() ?? model.CreateSequence(policy, entries);
                Read(sequence, row, cancellation);
                long bytes = sequence.Cache.KvBytes;
                string output = Answer(model, sequence, _rows[row], HasWindow(model, policy), cancellation);
                yield return new RowOutcome([100 * _rows[row].Score(output)], bytes);
            }
        }
        finally
        {
            shared?.Dispose();
        }
    }

    /// <summary>Tokens that a policy sees before it compresses: the text, or text and question; the whole prompt where it has neither.</summary>
    private int Context(int row)
    {
        PromptTokens prompt = _prompts[row];
        int seen = prompt.Tokens.Length - (_questionAware ? prompt.FollowingTokens : prompt.QuestionTokens);
        return seen > 0 ? seen : prompt.Tokens.Length;
    }

    private ReadOnlySpan<int> ContextTokens(int row) => _prompts[row].Tokens.AsSpan(0, Context(row));

    private void Read(Sequence sequence, int row, CancellationToken cancellation)
    {
        PromptTokens prompt = _prompts[row];
        if (sequence.Position == 0)
            sequence.Prefill(ContextTokens(row), _questionAware ? prompt.QuestionTokens - prompt.FollowingTokens : 0, progress: null, cancellation);
        // What follows counts as generated: no policy compresses a prompt anew for it.
        foreach (int token in prompt.Tokens.AsSpan(Context(row)))
        {
            cancellation.ThrowIfCancellationRequested();
            sequence.Decode(token);
        }
    }

    private static string Answer(LanguageModel model, Sequence sequence, DataRow row, bool hasWindow, CancellationToken cancellation)
    {
        // A text may fill the window to its end; the answer then has what room is left.
        int room = hasWindow ? model.Model.Config.ContextLength - sequence.Position : int.MaxValue;
        StringBuilder text = new();
        foreach (GeneratedToken token in TextGenerator.Generate(
            model, sequence, new GenerationOptions { MaxTokens = Math.Min(row.MaxNewTokens, room) }, cancellation))
        {
            text.Append(token.Text);
            if (row.Metric.IsSettled(text.ToString(), row.Answers))
                break;
        }

        cancellation.ThrowIfCancellationRequested();
        return text.ToString();
    }

    private static bool HasWindow(LanguageModel model, ChosenPolicy policy) => model.Options.EnforceWindow
        && policy.Policy.Needs.Positions != PositionMode.Rolling;
}
