using System.Diagnostics;
using Winnow.Caching;
using Winnow.Caching.Storage;
using Winnow.Kernels.Attention;

namespace Winnow.Evaluation;

/// <summary>
/// Prefill and decode speed at a depth. Every run starts from the same state: a fork of a sequence that has read the depth's tokens, or a new reading of them
/// where the policy allows no forks.
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
        double[] prefill = bench.Repeat(PrefillStage, bench.Prefill, options.Depth);
        double[] decode = bench.Repeat(DecodeStage, bench.Decode, Math.Max(1, options.Depth));
        return new BenchmarkResult
        {
            Model = ModelNames.Of(model),
            Policy = options.Policy.Descriptor.Name,
            Threads = model.Threads,
            Entries = options.Entries,
            PromptTokens = options.PromptTokens,
            GenTokens = options.GenTokens,
            Depth = options.Depth,
            Prefill = SpeedSummary.Of(prefill),
            Decode = SpeedSummary.Of(decode),
            WeightBytesPerToken = WeightTraffic.BytesPerToken(model),
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
                (options.Window, 0, "tokens of a stretch")])
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
        private readonly int[] _tokens;
        private Sequence? _base;

        public Bench(LanguageModel model, BenchmarkOptions options, IProgress<EvaluationProgress>? progress, CancellationToken cancellation)
        {
            (_model, _options, _progress, _cancellation) = (model, options, progress, cancellation);
            int needed = checked(Math.Max(1, options.Depth) + Math.Max(options.PromptTokens, options.GenTokens));
            int window = model.Model.Config.ContextLength;
            if (model.Options.EnforceWindow && needed > window && options.Policy.Policy.Needs.Positions != PositionMode.Rolling)
                throw new WinnowException($"{needed} tokens are more than the model's window of {window}; use less depth or shorter texts");
            _tokens = RandomTokens(model, needed, options.Seed);
        }

        /// <summary>Mean bytes of live entries during decoding.</summary>
        public long KvBytesPerToken { get; private set; }

        public long KvBytes { get; private set; }

        public long KvBytesFull { get; private set; }

        public List<DecodeWindow> Windows { get; } = [];

        /// <summary>Runs a measurement once to warm up and then as often as asked.</summary>
        /// <returns>Tokens per second of each run.</returns>
        public double[] Repeat(string stage, Func<Sequence, double> measure, int depth)
        {
            double[] runs = new double[_options.Runs];
            for (int run = -1; run < runs.Length; run++)
            {
                _progress?.Report(new EvaluationProgress(stage, run + 1, runs.Length + 1));
                using Sequence sequence = Start(depth);
                double speed = measure(sequence);
                if (run >= 0)
                    runs[run] = speed;
            }

            _progress?.Report(new EvaluationProgress(stage, runs.Length + 1, runs.Length + 1));
            return runs;
        }

        public double Prefill(Sequence sequence)
        {
            ReadOnlySpan<int> prompt = _tokens.AsSpan(sequence.Position, _options.PromptTokens);
            long started = Stopwatch.GetTimestamp();
            sequence.Prefill(prompt, progress: null, _cancellation);
            return prompt.Length / Stopwatch.GetElapsedTime(started).TotalSeconds;
        }

        public double Decode(Sequence sequence)
        {
            ReadOnlySpan<int> tokens = _tokens.AsSpan(sequence.Position, _options.GenTokens);
            long before = LiveBytes(sequence.Cache);
            Windows.Clear();
            long started = Stopwatch.GetTimestamp(), windowStarted = started;
            for (int i = 0; i < tokens.Length; i++)
            {
                _cancellation.ThrowIfCancellationRequested();
                sequence.Decode(tokens[i]);
                if (_options.Window == 0 || (i + 1) % _options.Window != 0)
                    continue;
                Windows.Add(new DecodeWindow(i + 1, _options.Window / Stopwatch.GetElapsedTime(windowStarted).TotalSeconds, sequence.Cache.KvBytes));
                windowStarted = Stopwatch.GetTimestamp();
            }

            double seconds = Stopwatch.GetElapsedTime(started).TotalSeconds;
            KvBytesPerToken = (before + LiveBytes(sequence.Cache)) / 2;
            KvBytes = sequence.Cache.KvBytes;
            KvBytesFull = sequence.Cache.Layout.FullBytes(sequence.Position);
            return tokens.Length / seconds;
        }

        public void Dispose() => _base?.Dispose();

        private Sequence Start(int depth)
        {
            if (depth == 0)
                return _model.CreateSequence(_options.Policy, _options.Entries);
            if (!_options.Policy.Descriptor.Survives.HasFlag(CacheFeatures.Fork))
                return Read(depth);
            return (_base ??= Read(depth)).Fork();
        }

        private Sequence Read(int depth)
        {
            Sequence sequence = _model.CreateSequence(_options.Policy, _options.Entries);
            try
            {
                sequence.Prefill(_tokens.AsSpan(0, depth), ProgressRelay.To(_progress, "depth", 0, depth), _cancellation);
                return sequence;
            }
            catch
            {
                sequence.Dispose();
                throw;
            }
        }

        private static long LiveBytes(KvStore store) => store.Entries * store.Layout.Format.PayloadBytes / PageFormat.Entries;

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
