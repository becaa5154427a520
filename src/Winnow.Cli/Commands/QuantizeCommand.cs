using System.CommandLine;
using System.Diagnostics;
using Spectre.Console;
using Winnow.Cli.Options;
using Winnow.Cli.Output;
using Winnow.Cli.Rendering;
using Winnow.Formats;
using Winnow.Formats.Hub;
using Winnow.Formats.Quantization;

namespace Winnow.Cli.Commands;

/// <summary><c>winnow quantize</c>: a model in another quantisation.</summary>
internal sealed class QuantizeCommand : WinnowCommand
{
    private readonly CommonOptions _common;
    private readonly Argument<string> _model = new("MODEL") { Description = "model file, folder, or name of a pulled model" };
    private readonly Argument<string> _output = new("OUTPUT") { Description = "GGUF file to write" };
    private readonly Option<string> _type = new("--type")
    {
        Description = "the quantisation", HelpName = string.Join('|', QuantizationMix.All.Select(mix => mix.Name)), Required = true,
    };

    private readonly Option<bool> _force = Values.Switch("--force", "replaces OUTPUT when it is there");

    public QuantizeCommand(Terminal terminal, CommonOptions common)
        : base("quantize", "Writes a model in another quantisation, as a GGUF file.", terminal)
    {
        _common = common;
        Add(_model);
        Add(_output);
        AddAll(_type, _force, common.Threads, common.Json);
    }

    public override IReadOnlyList<Example> Examples =>
    [
        new("four bits, with more where it matters", "winnow quantize model-F16.gguf model-Q4_K_M.gguf --type Q4_K_M"),
        new("what went into the file", "winnow inspect model-Q4_K_M.gguf --tensors"),
        new("what it costs in quality", "winnow perplexity --model model-Q4_K_M.gguf --file text.txt --windows 8"),
    ];

    protected override int Execute(ParseResult arguments)
    {
        QuantizationMix mix = QuantizationMix.Parse(arguments.GetValue(_type)!);
        string output = arguments.GetRequiredValue(_output);
        OutputFile.RequireFolder(output);
        string path = ModelLocator.Resolve(arguments.GetRequiredValue(_model));
        long started = Stopwatch.GetTimestamp();
        using Checkpoint source = Checkpoint.Open(path);
        OutputFile.RequireOther(output, source.Files);
        OutputFile.RequireNew(output, arguments.GetValue(_force));
        IReadOnlyList<QuantizedTensor> tensors = Patience.Run(Terminal, "quantizing", meter => ModelQuantizer.Write(
            source, mix, output, arguments.GetValue(_common.Threads), new Reporter<QuantizationProgress>(report => Show(report, meter)),
            Terminal.Interrupts.Token));
        QuantizeJson json = QuantizeJson.Of(path, output, mix, tensors, Stopwatch.GetElapsedTime(started));
        if (arguments.GetValue(_common.Json))
            JsonOutput.Write(Terminal, json, context => context.QuantizeJson);
        else
            Print(json);
        return ExitCodes.Success;
    }

    private static void Show(QuantizationProgress report, Meter meter)
    {
        meter.Stage = report.Tensor;
        meter.Report(report.BytesDone, report.BytesTotal);
    }

    private void Print(QuantizeJson json)
    {
        Terminal.Out.WriteLine(json.Output);
        Terminal.Out.Flush();
        IAnsiConsole console = Terminal.ErrorConsole();
        string types = string.Join(", ", json.Types.Select(type => $"{type.Count} {type.Type}"));
        console.MarkupLineInterpolated(
            $"[dim]{json.Type}: {Figures.Bytes(json.Bytes)}, {Figures.Short(json.BitsPerWeight)} bits a weight, in {Figures.Short(json.Seconds)} s; tensors: {types}[/]");
        if (json.Fallbacks > 0)
            console.MarkupLineInterpolated($"[dim]{json.Fallbacks} tensor(s) have rows that do not fill blocks of 256 and took a type of smaller blocks[/]");
        if (json.Requantized > 0)
            console.MarkupLineInterpolated($"[dim]{json.Requantized} tensor(s) were quantised before, which loses more than quantising the original[/]");
    }
}
