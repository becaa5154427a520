using Winnow.Training.Nano;

namespace Winnow.Training.Tests.Nano;

[Collection("torch")]
public sealed class NanoTrainerTests
{
    private const int Steps = 6;

    [Fact]
    public void A_run_that_was_stopped_and_resumed_gives_the_model_of_one_that_was_not()
    {
        using TempFolder folder = new();
        NanoTrainingResult whole = Run(Options(folder, "whole"));
        Assert.Equal((true, (long)Steps), (whole.Finished, whole.Steps));
        NanoTrainingResult half = Run(Options(folder, "parts"), stopAt: 3);
        Assert.Equal((false, 3L), (half.Finished, half.Steps));
        NanoTrainingResult rest = Run(Options(folder, "parts") with { Resume = true, Seed = 99 });
        Assert.Equal(whole.Loss, rest.Loss);
        Assert.Equal(File.ReadAllBytes(whole.ModelPath), File.ReadAllBytes(rest.ModelPath));
    }

    [Fact]
    public void A_run_leaves_model_log_and_curves_that_can_be_read()
    {
        using TempFolder folder = new();
        NanoTrainingResult result = Run(Options(folder, "run"));
        using LanguageModel model = LanguageModel.Load(result.ModelPath, new ModelOptions { Threads = 1 });
        Assert.Equal(NanoVocabulary.Default.Size, model.Tokenizer.VocabularySize);
        string run = Path.Combine(folder.Path, "run");
        string[] log = File.ReadAllLines(Path.Combine(run, "log.csv"));
        Assert.Equal(2, log.Length);
        Assert.Equal(log[0].Split(',').Length, log[1].Split(',').Length);
        Assert.Equal([0x89, (byte)'P', (byte)'N', (byte)'G'], File.ReadAllBytes(Path.Combine(run, "curves.png"))[..4]);
    }

    [Fact]
    public void Runs_are_neither_overwritten_nor_resumed_from_nothing()
    {
        using TempFolder folder = new();
        Assert.Contains("no checkpoint to resume", Refusal(Options(folder, "none") with { Resume = true }), StringComparison.Ordinal);
        Run(Options(folder, "run"), stopAt: 1);
        Assert.Contains("here is a run already", Refusal(Options(folder, "run")), StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_that_is_no_checkpoint_is_refused()
    {
        using TempFolder folder = new();
        NanoTrainingResult result = Run(Options(folder, "run"), stopAt: 1);
        File.Copy(result.ModelPath, Path.Combine(folder.Path, "run", "checkpoint.gguf"), overwrite: true);
        Assert.Contains("this is no checkpoint", Refusal(Options(folder, "run") with { Resume = true }), StringComparison.Ordinal);
    }

    [Fact]
    public void The_schedule_rises_holds_and_falls()
    {
        Assert.True(NanoSchedule.Rate(0, 0) < 0.1);
        Assert.Equal(1, NanoSchedule.Rate(100, 0.5));
        Assert.InRange(NanoSchedule.Rate(1000, 0.85), 0.45, 0.55);
        Assert.Equal(2048, NanoSchedule.Longest(1));
        Assert.Equal(128, NanoSchedule.Longest(0));
    }

    private static NanoTrainingOptions Options(TempFolder folder, string name) => new()
    {
        Folder = Path.Combine(folder.Path, name), Steps = Steps, Seed = 4, ReportEvery = TimeSpan.Zero, ProbeSamples = 1,
        Shape = TinyNano.Shape with { ContextLength = 2048 },
    };

    private static NanoTrainingResult Run(NanoTrainingOptions options, long stopAt = long.MaxValue)
    {
        using CancellationTokenSource stop = new();
        using NanoTrainer trainer = new(options);
        return trainer.Run(new Listener(report =>
        {
            if (report.Step >= stopAt)
                stop.Cancel();
        }), stop.Token);
    }

    private static string Refusal(NanoTrainingOptions options) => Assert.Throws<WinnowException>(() => new NanoTrainer(options)).Message;

    private sealed class Listener(Action<NanoTrainingReport> report) : IProgress<NanoTrainingReport>
    {
        public void Report(NanoTrainingReport value) => report(value);
    }
}
