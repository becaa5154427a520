using System.Diagnostics;

namespace Winnow.Evaluation;

/// <summary>
/// Perplexity over consecutive windows that do not overlap, each read by a fresh sequence, its second half scored: the measure of llama.cpp's tool, so
/// figures compare. A cache policy compresses the first half as a prompt; the second half is then decoded token by token over what was kept.
/// </summary>
public static class PerplexityEvaluator
{
    private const string Stage = "perplexity";

    /// <summary>Measures a text.</summary>
    /// <param name="model">The model.</param>
    /// <param name="tokens">
    /// The text's token ids by the model's own rule (BOS in front where the tokenizer adds one). For such models the first token of every window is
    /// replaced by BOS.
    /// </param>
    /// <param name="options">Windows, policy and entry type.</param>
    /// <param name="progress">Told the tokens read.</param>
    /// <param name="cancellation">Stops between chunks and between decoded tokens.</param>
    /// <exception cref="WinnowException">The text fills no window, or an option cannot work with the model.</exception>
    public static PerplexityResult Run(
        LanguageModel model, ReadOnlySpan<int> tokens, PerplexityOptions options,
        IProgress<EvaluationProgress>? progress = null, CancellationToken cancellation = default)
    {
        int windows = CountWindows(model, tokens.Length, options);
        Scores scores = new(model, options, windows, progress, cancellation);
        long started = Stopwatch.GetTimestamp();
        int[] window = new int[options.Context];
        for (int i = 0; i < windows; i++)
        {
            tokens.Slice(i * options.Context, options.Context).CopyTo(window);
            if (model.Tokenizer is { AddsBos: true, BosId: int bos })
                window[0] = bos;
            scores.Add(window);
        }

        return scores.Result(Stopwatch.GetElapsedTime(started).TotalSeconds);
    }

    private static int CountWindows(LanguageModel model, int tokens, PerplexityOptions options)
    {
        if (options.Context < 4)
            throw new WinnowException($"a window of {options.Context} tokens cannot be scored: use 4 or more");
        if (options.Context > model.Model.Config.ContextLength)
            throw new WinnowException($"a window of {options.Context} tokens is longer than the model's {model.Model.Config.ContextLength}; use a shorter one");
        if (options.Windows is < 1)
            throw new WinnowException($"{options.Windows} windows cannot be scored: ask for 1 or more");
        int filled = tokens / options.Context;
        if (filled == 0)
            throw new WinnowException($"the text has {tokens} tokens, fewer than one window of {options.Context}; use a longer text or a shorter window");
        return Math.Min(filled, options.Windows ?? filled);
    }

    /// <summary>What all windows add up to.</summary>
    private sealed class Scores(
        LanguageModel model, PerplexityOptions options, int windows, IProgress<EvaluationProgress>? progress, CancellationToken cancellation)
    {
        private double _sum;
        private double _sumOfSquares;
        private int _count;
        private int _windows;
        private long _kvBytes;
        private long _kvBytesFull;
        private double _kept;

        /// <summary>Tokens that are fed in each window: the last one predicts nothing.</summary>
        private int Fed => options.Context - 1;

        private int FirstScored => options.Context / 2;

        public void Add(int[] window)
        {
            using Sequence sequence = model.CreateSequence(options.Policy, options.Entries);
            // Whether a policy ever decides shows in its having something to say at all.
            if (options.Policy.Policy.Start() is null)
                ScoreAtOnce(sequence, window);
            else
                ScoreStepByStep(sequence, window);
            _kvBytes = sequence.Cache.KvBytes;
            _kvBytesFull = sequence.Cache.Layout.FullBytes(Fed);
            _windows++;
        }

        public PerplexityResult Result(double seconds)
        {
            double mean = _sum / _count;
            double variance = Math.Max(0, _sumOfSquares / _count - mean * mean);
            double perplexity = Math.Exp(mean);
            double error = _count > 1 ? perplexity * Math.Sqrt(variance / (_count - 1)) : 0;
            return new PerplexityResult(perplexity, mean, error, _count, _windows, options.Context, _kvBytes, _kvBytesFull, _kept, seconds);
        }

        private void ScoreAtOnce(Sequence sequence, int[] window)
        {
            sequence.Prefill(window.AsSpan(0, Fed), FirstScored, (row, logits) => Score(logits, window[row + 1]), Relay(), cancellation);
            _kept = FirstScored;
        }

        private void ScoreStepByStep(Sequence sequence, int[] window)
        {
            sequence.Prefill(window.AsSpan(0, FirstScored), Relay(), cancellation);
            _kept = (double)sequence.Cache.Entries / sequence.Cache.Layout.Lanes;
            for (int position = FirstScored; position < Fed; position++)
            {
                cancellation.ThrowIfCancellationRequested();
                Score(sequence.Decode(window[position]), window[position + 1]);
                progress?.Report(new EvaluationProgress(Stage, _windows * Fed + position + 1, windows * Fed));
            }
        }

        private void Score(ReadOnlySpan<float> logits, int token)
        {
            double loss = LogProbabilities.NegativeLogLikelihood(logits, token);
            _sum += loss;
            _sumOfSquares += loss * loss;
            _count++;
        }

        private ProgressRelay? Relay() => ProgressRelay.To(progress, Stage, _windows * Fed, windows * Fed);
    }
}
