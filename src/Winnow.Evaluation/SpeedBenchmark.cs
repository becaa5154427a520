using System.Diagnostics;
using Winnow.Caching;
using Winnow.Kernels.Attention;

namespace Winnow.Evaluation;

/// <summary>
/// Prefill and decode speed at a depth. Every run starts from the same state: forks of sequences that have read the depth's tokens, or a new reading of them
/// where the policy allows no forks. Sequences that decode together read texts of their own, so that no page is read for two of them.
/// </summary>
public static class SpeedBenchmark
{
    /// <summary>Stage of the timed prefills in reports of progress: runs done, the warm-up included.</summary>
    public const string PrefillStage = "prefill";

    /// <summary>Stage of the timed decodings.</summary>
    public const string DecodeStage = "decode";

    /// <summary>Measures.</summary>
    /// <param name="model">The model.</param>
    /// <param name="options">Tokens, depth, runs and policy.</param>
    /// <param name="progress">Told the runs done, the warm-up included.</param>
    /// <param name="cancellation">Stops between chunks and between tokens.</param>
    /// <exception cref="WinnowException">A number cannot work, or the texts outgrow the model's window.</exception>
    public static BenchmarkResult Run(
        LanguageModel model, BenchmarkOptions options, IProgress<EvaluationProgress>? progress = null, CancellationToken cancellation = default)
    {
        Validate(options);
        using Bench bench = new(model, options, progress, cancellation);
        double[] prefill = bench.Repeat(PrefillStage, bench.Prefill, 1, options.Depth);
        double[] decode = bench.Repeat(DecodeStage, bench.Decode, options.Sequences, Math.Max(1, options.Depth));
        return new BenchmarkResult
        {
            Model = ModelNames.Of(model),
            Policy = options.Policy.Descriptor.Name,
            Threads = model.Threads,
            Entries = options.Entries,
            PromptTokens = options.PromptTokens,
            GenTokens = options.GenTokens,
            Depth = options.Depth,
            Sequences = options.Sequences,
            Prefill = SpeedSummary.Of(prefill),
            Decode = SpeedSummary.Of(decode),
            WeightBytesPerToken = WeightTraffic.BytesPerToken(model) / options.Sequences,
            KvBytesPerToken = bench.KvBytesPerToken,
            KvBytes = bench.KvBytes,
            KvBytesFull = bench.KvBytesFull,
            Windows = bench.Windows,
        };
    }

    private static void Validate(BenchmarkOptions options)
    {
        foreach ((int value, int least, string what) in (ReadOnlySpan<(int, int, string)>)
            [(options.PromptTokens, 1, "prompt tokens"), (options.GenTokens, 1, "generated tokens"), (options.Depth, 0, "tokens of depth"), (options.Runs, 1, "runs"),
                (options.Window, 0, "tokens of a stretch"), (options.Sequences, 1, "sequences")])
        {
            if (value < least)
                throw new WinnowException($"{value} {what} cannot be measured: use {least} or more");
        }
    }

    private sealed class Bench : IDisposable
    {
        private readonly LanguageModel _model;
        private readonly BenchmarkOptions _options;
        private readonly IProgress<EvaluationProgress>? _progress;
        private readonly CancellationToken _cancellation;
        private readonly int[][] _tokens;
        private readonly Sequence?[] _read;

        public Bench(LanguageModel model, BenchmarkOptions options, IProgress<EvaluationProgress>? progress, CancellationToken cancellation)
        {
            (_model, _options, _progress, _cancellation) = (model, options, progress, cancellation);
            int needed = checked(Math.Max(1, options.Depth) + Math.Max(options.PromptTokens, options.GenTokens));
            int window = model.Model.Config.ContextLength;
            if (model.Options.EnforceWindow && needed > window && options.Policy.Policy.Needs.Positions != PositionMode.Rolling)
                throw new WinnowException($"{needed} tokens are more than the model's window of {window}; use less depth or shorter texts");
            _tokens = [.. Enumerable.Range(0, options.Sequences).Select(index => RandomTokens(model, needed, options.Seed + index))];
            _read = new Sequence?[options.Sequences];
        }

        /// <summary>Mean bytes of a sequence's live entries during decoding.</summary>
        public long KvBytesPerToken { get; private set; }

        public long KvBytes { get; private set; }

        public long KvBytesFull { get; private set; }

        public List<DecodeWindow> Windows { get; } = [];

        /// <summary>Runs a measurement once to warm up and then as often as asked.</summary>
        /// <returns>Tokens per second of each run.</returns>
        public double[] Repeat(string stage, Func<Sequence[], double> measure, int count, int depth)
        {
            double[] runs = new double[_options.Runs];
            Sequence[] sequences = new Sequence[count];
            for (int run = -1; run < runs.Length; run++)
            {
                _progress?.Report(new EvaluationProgress(stage, run + 1, runs.Length + 1));
                try
                {
                    for (int index = 0; index < count; index++)
                        sequences[index] = Start(index, depth);
                    double speed = measure(sequences);
                    if (run >= 0)
                        runs[run] = speed;
                }
                finally
                {
                    // Disposing twice does nothing; a run that was stopped may have started some of them only.
                    foreach (Sequence? sequence in sequences)
                        sequence?.Dispose();
                }
            }

            _progress?.Report(new EvaluationProgress(stage, runs.Length + 1, runs.Length + 1));
            return runs;
        }

        public double Prefill(Sequence[] sequences)
        {
            ReadOnlySpan<int> prompt = _tokens[0].AsSpan(sequences[0].Position, _options.PromptTokens);
            long started = Stopwatch.GetTimestamp();
            sequences[0].Prefill(prompt, progress: null, _cancellation);
            return prompt.Length / Stopwatch.GetElapsedTime(started).TotalSeconds;
        }

        public double Decode(Sequence[] sequences)
        {
            int count = sequences.Length, position = sequences[0].Position;
            int[] tokens = new int[count];
            long before = sequences.Sum(LiveBytes);
            Windows.Clear();
            long started = Stopwatch.GetTimestamp(), windowStarted = started;
            for (int i = 0; i < _options.GenTokens; i++)
            {
                _cancellation.ThrowIfCancellationRequested();
                for (int index = 0; index < count; index++)
                    tokens[index] = _tokens[index][position + i];
                _model.DecodeBatch(sequences, tokens);
                if (_options.Window == 0 || (i + 1) % _options.Window != 0)
                    continue;
                double speed = count * _options.Window / Stopwatch.GetElapsedTime(windowStarted).TotalSeconds;
                Windows.Add(new DecodeWindow(i + 1, speed, sequences.Sum(sequence => sequence.Cache.KvBytes)));
                windowStarted = Stopwatch.GetTimestamp();
            }

            double seconds = Stopwatch.GetElapsedTime(started).TotalSeconds;
            KvBytesPerToken = (before + sequences.Sum(LiveBytes)) / 2 / count;
            KvBytes = sequences.Sum(sequence => sequence.Cache.KvBytes);
            KvBytesFull = sequences.Sum(sequence => sequence.Cache.Layout.FullBytes(sequence.Position));
            return count * _options.GenTokens / seconds;
        }

        public void Dispose()
        {
            foreach (Sequence? sequence in _read)
                sequence?.Dispose();
        }

        private Sequence Start(int index, int depth)
        {
            if (depth == 0)
                return _model.CreateSequence(_options.Policy, _options.Entries);
            if (!_options.Policy.Descriptor.Survives.HasFlag(CacheFeatures.Fork))
                return Read(index, depth);
            return (_read[index] ??= Read(index, depth)).Fork();
        }

        private Sequence Read(int index, int depth)
        {
            Sequence sequence = _model.CreateSequence(_options.Policy, _options.Entries);
            try
            {
                sequence.Prefill(_tokens[index].AsSpan(0, depth), ProgressRelay.To(_progress, "depth", 0, depth), _cancellation);
                return sequence;
            }
            catch
            {
                sequence.Dispose();
                throw;
            }
        }

        private static long LiveBytes(Sequence sequence) =>
            sequence.Cache.Entries * sequence.Cache.Layout.Format.PayloadBytes / PageFormat.Entries;

        /// <summary>Ids of ordinary tokens; text or nonsense takes the same time.</summary>
        private static int[] RandomTokens(LanguageModel model, int count, int seed)
        {
            int vocabulary = Math.Min(model.Tokenizer.VocabularySize, model.Model.Config.VocabularySize);
            int[] ordinary = [.. Enumerable.Range(0, vocabulary).Where(id => !model.Tokenizer.IsControl(id))];
            if (ordinary.Length == 0)
                throw new WinnowException("the model's vocabulary has no ordinary tokens to measure with");
            Random random = new(seed);
            int[] tokens = new int[count];
            foreach (ref int token in tokens.AsSpan())
                token = ordinary[random.Next(ordinary.Length)];
            return tokens;
        }
    }
}
