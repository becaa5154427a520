using System.CommandLine;
using System.Globalization;
using Winnow.Cli.Options;
using Winnow.Cli.Output;
using Winnow.Cli.Rendering;
using Winnow.Training.Nano;

namespace Winnow.Cli.Commands;

/// <summary><c>winnow train nano</c>: a small model from first weights to a file.</summary>
internal sealed class TrainNanoCommand : WinnowCommand
{
    private readonly CommonOptions _common;
    private readonly Option<float> _minutes = Values.Number("--minutes", "N", "minutes in all, interruptions not counted", 60);
    private readonly Option<int> _steps = Values.Integer("--steps", "N", "steps in all; with it the same seed gives the same model; 0 goes by --minutes", 0);
    private readonly Option<int> _seed = Values.Integer("--seed", "N", "seed of first weights and texts", 0);
    private readonly Option<int> _threads = Values.Integer("--threads", "N", "threads", 1, least: 1, most: 1024);
    private readonly Option<bool> _resume = Values.Switch("--resume", "goes on with the run in the folder, with its seed");
    private readonly Option<string?> _output = Values.Text("--output", "FOLDER", "folder of model, checkpoint, log and curves [default: nano]");

    public TrainNanoCommand(Terminal terminal, CommonOptions common)
        : base("nano", "Trains the nano model on texts of its own generator and writes it as GGUF; a run that was stopped or killed can be resumed.", terminal)
    {
        _common = common;
        AddAll(_minutes, _steps, _seed, _threads, _output, _resume, common.Json);
    }

    public override IReadOnlyList<Example> Examples =>
    [
        new("the model that is shipped, more or less", "winnow train nano --minutes 60 --output nano"),
        new("go on after Ctrl-C or a power cut", "winnow train nano --minutes 60 --output nano --resume"),
        new("a run that can be repeated to the last bit", "winnow train nano --steps 500 --seed 7 --output nano-500"),
        new("use it", "winnow run --model nano/nano.gguf --prompt \"What is 27 + 58?\""),
    ];

    protected override int Execute(ParseResult arguments)
    {
        if (!Features.Training)
            throw new WinnowException("this build of winnow is native code, which leaves training out; train with the one that runs on the .NET runtime");
        float minutes = arguments.GetValue(_minutes);
        if (!(minutes > 0 && float.IsFinite(minutes)))
            throw new WinnowException($"option --minutes is {minutes.ToString(CultureInfo.InvariantCulture)}; it must be a number above 0");
        int steps = arguments.GetValue(_steps);
        NanoTrainingOptions options = new()
        {
            Folder = arguments.GetValue(_output) ?? "nano",
            Minutes = minutes,
            Steps = steps == 0 ? null : steps,
            Seed = arguments.GetValue(_seed),
            Threads = arguments.GetValue(_threads),
            Resume = arguments.GetValue(_resume),
        };
        using NanoTrainer trainer = new(options);
        NanoTrainingResult result = Patience.Run(Terminal, "training", meter => trainer.Run(new Reporter<NanoTrainingReport>(report => Show(report, meter)), Terminal.Interrupts.Token));
        if (arguments.GetValue(_common.Json))
            JsonOutput.Write(Terminal, new TrainJson(result.ModelPath, result.Finished, result.Steps, Figures.Measured(result.Loss)), context => context.TrainJson);
        else
            Terminal.Out.WriteLine(result.ModelPath);
        if (!result.Finished)
            Terminal.Error.WriteLine($"winnow: stopped after {result.Steps} steps; 'winnow train nano --output {options.Folder} --resume' goes on");
        return result.Finished ? ExitCodes.Success : ExitCodes.Interrupted;
    }

    /// <summary>A person sees a bar that moves; a file gets a line whenever accuracy was measured.</summary>
    private void Show(NanoTrainingReport report, Meter meter)
    {
        meter.Report((long)(report.Share * 1_000_000), 1_000_000);
        string pace = string.Create(CultureInfo.InvariantCulture, $"step {report.Step}, loss {report.Loss:0.000}");
        if (Terminal.ErrorIsTerminal)
            meter.Stage = pace;
        else if (report.Accuracy.Count > 0)
            Terminal.Error.WriteLine(Line(report, pace));
    }

    private static string Line(NanoTrainingReport report, string pace)
    {
        string accuracy = string.Join(", ", report.Accuracy.Select(each => string.Create(CultureInfo.InvariantCulture, $"{each.Task} {each.Share * 100:0} %")));
        return string.Create(
            CultureInfo.InvariantCulture, $"{report.Share * 100:0.0} %, {pace}, {report.TokensPerSecond:0} tokens/s, {report.Left.TotalMinutes:0.0} minutes left: {accuracy}");
    }
}
