using System.Diagnostics;
using TorchSharp;
using Winnow.Formats;
using Winnow.Kernels.Blocks;
using Winnow.Torch;
using static TorchSharp.torch;

namespace Winnow.Training.Nano;

/// <summary>How a nano model is trained.</summary>
public sealed record NanoTrainingOptions
{
    /// <summary>Folder of checkpoint, model, log and curves; made when it is not there.</summary>
    public required string Folder { get; init; }

    /// <summary>Steps in all; null trains for <see cref="Minutes"/>. With steps, the same seed gives the same model.</summary>
    public long? Steps { get; init; }

    /// <summary>Minutes in all, counted over interruptions; used when <see cref="Steps"/> is null.</summary>
    public double Minutes { get; init; } = 60;

    /// <summary>Seed of weights and data.</summary>
    public int Seed { get; init; }

    /// <summary>Threads.</summary>
    public int Threads { get; init; } = 1;

    /// <summary>Whether to go on from the folder's checkpoint.</summary>
    public bool Resume { get; init; }

    /// <summary>Time between checkpoints.</summary>
    public TimeSpan CheckpointEvery { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Time between looks at accuracy.</summary>
    public TimeSpan ProbeEvery { get; init; } = TimeSpan.FromMinutes(4);

    /// <summary>Time between reports of progress.</summary>
    public TimeSpan ReportEvery { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Samples of each task in such a look, fewer of long ones.</summary>
    public int ProbeSamples { get; init; } = 16;

    /// <summary>Storage of the exported matrices: at most two bytes a weight.</summary>
    public TensorType ExportType { get; init; } = TensorType.F16;

    /// <summary>Sizes of the model, for tests; null for those of the shipped one.</summary>
    internal NanoShape? Shape { get; init; }
}

/// <summary>Where training is.</summary>
/// <param name="Step">Steps done.</param>
/// <param name="Share">Share of the work done, from 0 to 1.</param>
/// <param name="Loss">Running mean of the loss on answers, nats a token.</param>
/// <param name="TokensPerSecond">Speed since the last report.</param>
/// <param name="Left">Time left at this pace.</param>
/// <param name="Accuracy">Name and share of right answers of each task, when it was just measured.</param>
public sealed record NanoTrainingReport(
    long Step, double Share, double Loss, double TokensPerSecond, TimeSpan Left, IReadOnlyList<(string Task, double Share)> Accuracy);

/// <summary>What a training run came to.</summary>
/// <param name="ModelPath">The exported model.</param>
/// <param name="Finished">Whether the whole schedule was run; when not, the run can be resumed.</param>
/// <param name="Steps">Steps done.</param>
/// <param name="Loss">Running mean of the loss on answers, nats a token.</param>
public sealed record NanoTrainingResult(string ModelPath, bool Finished, long Steps, double Loss);

/// <summary>Trains a nano model from first weights to a GGUF file.</summary>
public sealed class NanoTrainer : IDisposable
{
    private const double LossMemory = 0.98;

    private readonly NanoTrainingOptions _options;
    private readonly NanoVocabulary _vocabulary;
    private readonly NanoModel _model;
    private readonly Muon _muon;
    private readonly Adam _adam;
    private readonly NanoRows _rows;
    private readonly NanoProbe _probe;
    private readonly List<string> _log;
    private readonly Stopwatch _clock = new();
    private NanoProgress _progress;

    /// <summary>Prepares a run: first weights, or those of the checkpoint.</summary>
    /// <exception cref="WinnowException">There is nothing to resume, or a run that would be overwritten, or the library cannot be loaded.</exception>
    public NanoTrainer(NanoTrainingOptions options)
    {
        _options = options;
        CheckFolder();
        TorchRuntime.Start(options.Threads, options.Seed);
        using GgufFile? checkpoint = options.Resume ? NanoCheckpoint.Open(CheckpointPath) : null;
        _vocabulary = checkpoint is null ? NanoVocabulary.Default : NanoVocabulary.Read(checkpoint.Metadata);
        _model = new NanoModel(options.Shape ?? new NanoShape { Vocabulary = _vocabulary.Size });
        _muon = new Muon(_model.Matrices);
        _adam = new Adam([.. _model.Others]);
        if (checkpoint is null)
            NanoInitialisation.Apply(_model, _vocabulary);
        _progress = checkpoint is null
            ? new NanoProgress(0, 0, 0, 0, options.Seed, [NanoLog.Header])
            : NanoCheckpoint.Load(checkpoint, _model, _muon, _adam);
        _log = [.. _progress.Log];
        _rows = new NanoRows(_vocabulary, _progress.Seed);
        _probe = new NanoProbe(_vocabulary);
    }

    /// <summary>The exported model.</summary>
    public string ModelPath => Path.Combine(_options.Folder, "nano.gguf");

    private string CheckpointPath => Path.Combine(_options.Folder, "checkpoint.gguf");

    private double Seconds => _progress.Seconds + _clock.Elapsed.TotalSeconds;

    private double Share => Math.Min(1, _options.Steps is long steps ? (double)_progress.Step / Math.Max(1, steps) : Seconds / (60 * _options.Minutes));

    /// <summary>Trains to the end of the schedule or until it is stopped; either way a checkpoint and a model are written.</summary>
    public NanoTrainingResult Run(IProgress<NanoTrainingReport>? report, CancellationToken cancellation)
    {
        _clock.Start();
        (double probed, double saved, double told) = (Seconds, Seconds, Seconds);
        long toldTokens = _progress.Tokens;
        while (Share < 1 && !cancellation.IsCancellationRequested)
        {
            Step();
            bool probes = Seconds - probed >= _options.ProbeEvery.TotalSeconds;
            if (probes || Seconds - told >= _options.ReportEvery.TotalSeconds)
            {
                double speed = (_progress.Tokens - toldTokens) / Math.Max(1e-3, Seconds - told);
                report?.Report(Report(speed, probes ? Probe(speed) : []));
                (told, toldTokens) = (Seconds, _progress.Tokens);
                probed = probes ? Seconds : probed;
            }

            if (Seconds - saved >= _options.CheckpointEvery.TotalSeconds)
            {
                Save();
                saved = Seconds;
            }
        }

        bool finished = Share >= 1;
        if (finished)
            report?.Report(Report(0, Probe(0)));
        Save();
        NanoExport.Write(_model, _vocabulary, _options.ExportType, ModelPath);
        NanoCurves.Save(_log, Path.Combine(_options.Folder, "curves.png"));
        return new NanoTrainingResult(ModelPath, finished, _progress.Step, _progress.Loss);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _model.Dispose();
        _muon.Dispose();
        _adam.Dispose();
    }

    private void Step()
    {
        using DisposeScope scope = NewDisposeScope();
        (long step, double share) = (_progress.Step, Share);
        // A stream apart from that of the batch, which has the number of the step.
        NanoRandom random = NanoRandom.For(_progress.Seed, -1_000_000 - step);
        int length = NanoSchedule.Length(share, random);
        NanoBatch batch = _rows.Batch(step, NanoSchedule.Rows(length), length, NanoSchedule.IsLate(share));
        (Tensor loss, Tensor answers) = NanoLoss.Of(_model, batch, NanoSchedule.TextWeight(share), random);
        loss.backward();
        double rate = NanoSchedule.Rate(step, share);
        _muon.Step(NanoSchedule.MatrixRate * rate);
        _adam.Step(NanoSchedule.OtherRate * rate);
        double seen = answers.item<float>();
        if (!double.IsFinite(seen))
            throw new WinnowException($"the loss is {seen} at step {step}: training has failed; start again with another --seed");
        _progress = _progress with
        {
            Step = step + 1,
            Tokens = _progress.Tokens + batch.Tokens.Length,
            Loss = step == 0 ? seen : LossMemory * _progress.Loss + (1 - LossMemory) * seen,
        };
    }

    private IReadOnlyList<(string Task, double Share)> Probe(double speed)
    {
        int length = NanoSchedule.Longest(Share);
        double[] shares = _probe.Run(_model, length, Math.Min(_options.ProbeSamples, Math.Max(4, _options.ProbeSamples * 512 / length)));
        _log.Add(NanoLog.Line(_progress.Step, Seconds, _progress.Tokens, _progress.Loss, speed, length, shares));
        return [.. NanoProbe.Columns.Zip(shares)];
    }

    private NanoTrainingReport Report(double speed, IReadOnlyList<(string Task, double Share)> accuracy)
    {
        double seconds = _options.Steps is null ? 60 * _options.Minutes - Seconds : Seconds / Math.Max(1e-6, Share) * (1 - Share);
        return new NanoTrainingReport(_progress.Step, Share, _progress.Loss, speed, TimeSpan.FromSeconds(Math.Max(0, seconds)), accuracy);
    }

    private void Save()
    {
        NanoCheckpoint.Save(CheckpointPath, _model, _muon, _adam, _vocabulary, _progress with { Seconds = Seconds, Log = _log });
        File.WriteAllLines(Path.Combine(_options.Folder, "log.csv"), _log);
    }

    private void CheckFolder()
    {
        if (_options.Resume && !File.Exists(CheckpointPath))
            throw new WinnowException($"{_options.Folder}: there is no checkpoint to resume; leave --resume out to begin a run");
        if (!_options.Resume && File.Exists(CheckpointPath))
            throw new WinnowException($"{_options.Folder}: here is a run already; go on with --resume, or name another folder with --output");
        Directory.CreateDirectory(_options.Folder);
    }
}
