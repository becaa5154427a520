using System.Diagnostics;
using Winnow.Caching;
using Winnow.Decoding;

namespace Winnow.Evaluation;

/// <summary>
/// Answers one prompt with the full cache and with guided ones, and measures what each loses and saves. A policy reads the prompt once; from there
/// one fork is fed
/// with the full cache's answer, which gives agreement and divergence, and the sequence itself writes its own answer, which gives speed.
/// </summary>
public static class Comparison
{
    private const int WarmUpPrompt = 256;
    private const int WarmUpTokens = 8;

    /// <summary>Runs all rows.</summary>
    /// <param name="model">The model.</param>
    /// <param name="prompt">The whole prompt: document, question, chat template.</param>
    /// <param name="options">Policies, budgets and the answer's length.</param>
    /// <param name="progress">Told the tokens of each step of each row.</param>
    /// <param name="cancellation">Stops between chunks and between tokens.</param>
    /// <exception cref="WinnowException">A policy is unknown or cannot work with the model, or prompt and answer outgrow the model's window.</exception>
    public static ComparisonReport Run(
        LanguageModel model, PromptTokens prompt, ComparisonOptions options, IProgress<EvaluationProgress>? progress = null, CancellationToken cancellation = default)
    {
        Validate(model, prompt.Tokens, options);
        ChosenPolicy[] policies = [.. options.Entries.Select(entry => entry.Parse())];
        Job job = new(model, prompt, options, progress, cancellation);
        // All that can be refused is refused before the first minute is spent.
        foreach (ChosenPolicy policy in policies)
            model.CreateSequence(policy, options.EntriesType).Dispose();
        job.WarmUp([ChosenPolicy.Full, .. policies]);
        List<ComparisonRow> rows = [job.RunFull()];
        foreach ((ComparisonEntry entry, ChosenPolicy policy) in options.Entries.Zip(policies))
            rows.Add(job.RunPolicy(entry, policy));
        return new ComparisonReport
        {
            Model = ModelNames.Of(model),
            PromptTokens = prompt.Tokens.Length,
            MeasuredTokens = job.Reference.Count,
            Threads = model.Threads,
            Entries = options.EntriesType,
            Rows = rows,
        };
    }

    private static void Validate(LanguageModel model, int[] promptTokens, ComparisonOptions options)
    {
        if (options.MaxTokens < 1)
            throw new WinnowException($"an answer of {options.MaxTokens} tokens cannot be compared: ask for 1 or more");
        if (options.MeasuredTokens < 1)
            throw new WinnowException($"quality cannot be measured over {options.MeasuredTokens} tokens: use 1 or more");
        if (promptTokens.Length == 0)
            throw new WinnowException("there is nothing to compare: the prompt has no tokens");
        int window = model.Model.Config.ContextLength;
        if (promptTokens.Length + (long)options.MaxTokens > window)
        {
            throw new WinnowException(
                $"a prompt of {promptTokens.Length} tokens and an answer of {options.MaxTokens} are more than the model's window of {window}; "
                + "the full cache needs both in it: shorten the document");
        }
    }

    /// <summary>One comparison under way.</summary>
    private sealed class Job(
        LanguageModel model, PromptTokens prompt, ComparisonOptions options, IProgress<EvaluationProgress>? progress, CancellationToken cancellation)
    {
        private readonly int[] _tokens = prompt.Tokens;

        public ReferenceAnswer Reference { get; } = new(options.MeasuredTokens);

        /// <summary>Has the code of every policy compiled, so that the first rows are not the slowest.</summary>
        public void WarmUp(IReadOnlyList<ChosenPolicy> policies)
        {
            ChosenPolicy[] distinct = [.. policies.DistinctBy(policy => policy.Descriptor.Name)];
            for (int i = 0; i < distinct.Length; i++)
            {
                progress?.Report(new EvaluationProgress("warm-up", i, distinct.Length));
                using Sequence sequence = model.CreateSequence(distinct[i], options.EntriesType);
                sequence.Prefill(_tokens.AsSpan(0, Math.Min(_tokens.Length, WarmUpPrompt)), progress: null, cancellation);
                for (int step = 0; step < Math.Min(WarmUpTokens, options.MaxTokens); step++)
                    sequence.Decode(_tokens[step % _tokens.Length]);
            }

            progress?.Report(new EvaluationProgress("warm-up", distinct.Length, distinct.Length));
        }

        public ComparisonRow RunFull()
        {
            using Reading reading = Read("full", ChosenPolicy.Full);
            Answer answer = Write("full", reading.Sequence, Reference);
            Reference.Tokens = answer.Tokens;
            return Row("full", Budget.Unlimited, reading, answer, 1, 0);
        }

        public ComparisonRow RunPolicy(ComparisonEntry entry, ChosenPolicy policy)
        {
            Budget keep = entry.EffectiveKeep();
            string stage = $"{entry.PolicyText} {keep}";
            using Reading reading = Read(stage, policy);
            double agreement, divergence;
            // The fork is gone before the answer is timed, so that no page has to be copied then.
            using (Sequence second = Second(stage, policy, reading.Sequence))
            {
                (agreement, divergence) = Reference.Compare(
                    second, done => progress?.Report(new EvaluationProgress(stage + " · quality", done, Reference.Count)), cancellation);
            }

            return Row(entry.PolicyText, keep, reading, Write(stage, reading.Sequence, null), agreement, divergence);
        }

        private Sequence Second(string stage, ChosenPolicy policy, Sequence first) =>
            policy.Descriptor.Survives.HasFlag(CacheFeatures.Fork) ? first.Fork() : Read(stage, policy).Sequence;

        private Reading Read(string stage, ChosenPolicy policy)
        {
            Sequence sequence = model.CreateSequence(policy, options.EntriesType);
            try
            {
                long started = Stopwatch.GetTimestamp();
                sequence.Prefill(_tokens, prompt.QuestionTokens, ProgressRelay.To(progress, stage + " · prefill", 0, _tokens.Length), cancellation);
                double speed = _tokens.Length / Stopwatch.GetElapsedTime(started).TotalSeconds;
                return new Reading(sequence, speed, (double)sequence.Cache.Entries / sequence.Cache.Layout.Lanes, sequence.Cache.KvBytes);
            }
            catch
            {
                sequence.Dispose();
                throw;
            }
        }

        private Answer Write(string stage, Sequence sequence, ReferenceAnswer? reference)
        {
            List<int> tokens = [];
            System.Text.StringBuilder text = new();
            GenerationOptions generation = new() { Sampling = options.Sampling, MaxTokens = options.MaxTokens };
            int first = sequence.Position;
            long started = Stopwatch.GetTimestamp();
            foreach (GeneratedToken token in TextGenerator.Generate(model, sequence, generation, cancellation))
            {
                text.Append(token.Text);
                if (token.Token < 0)
                    continue;
                tokens.Add(token.Token);
                reference?.Add(sequence.Logits);
                progress?.Report(new EvaluationProgress(stage + " · answer", tokens.Count, options.MaxTokens));
            }

            double seconds = Stopwatch.GetElapsedTime(started).TotalSeconds;
            cancellation.ThrowIfCancellationRequested();
            // The generator decodes a token only to draw another after it; if it drew none, the token that ends the answer came from these logits.
            int decoded = sequence.Position - first;
            if (decoded == tokens.Count)
                reference?.Add(sequence.Logits);
            return new Answer(text.ToString(), tokens, decoded == 0 ? 0 : decoded / seconds, sequence.Cache.KvBytes);
        }

        private ComparisonRow Row(string policy, Budget keep, Reading reading, Answer answer, double agreement, double divergence) => new()
        {
            Policy = policy,
            Keep = keep.ToString(),
            Answer = answer.Text,
            Tokens = answer.Tokens,
            AgreementTop1 = agreement,
            KlDivergence = divergence,
            KeptEntries = reading.Kept,
            KvBytes = reading.KvBytes,
            KvBytesFull = reading.Sequence.Cache.Layout.FullBytes(_tokens.Length),
            KvBytesEnd = answer.KvBytes,
            PrefillTokensPerSecond = reading.TokensPerSecond,
            DecodeTokensPerSecond = answer.TokensPerSecond,
        };
    }

    /// <summary>A sequence that has read the prompt, and what it held then.</summary>
    private sealed record Reading(Sequence Sequence, double TokensPerSecond, double Kept, long KvBytes) : IDisposable
    {
        public void Dispose() => Sequence.Dispose();
    }

    private sealed record Answer(string Text, IReadOnlyList<int> Tokens, double TokensPerSecond, long KvBytes);
}
