using System.CommandLine;
using System.Diagnostics;
using Spectre.Console;
using Winnow.Cli.Options;
using Winnow.Cli.Output;
using Winnow.Cli.Rendering;
using Winnow.Formats.Hub;

namespace Winnow.Cli.Commands;

/// <summary><c>winnow pull</c>: a model from the hub into the cache folder.</summary>
internal sealed class PullCommand : WinnowCommand
{
    private readonly CommonOptions _common;
    private readonly Argument<string> _reference = new("NAME")
    {
        Description = "owner/repo, owner/repo:Q4_K_M or owner/repo:file.gguf; @revision may follow the repository",
    };

    public PullCommand(Terminal terminal, CommonOptions common)
        : base("pull", "Fetches a model from the Hugging Face hub; an interrupted pull goes on where it stopped.", terminal)
    {
        _common = common;
        Add(_reference);
        Add(common.Json);
    }

    public override IReadOnlyList<Example> Examples =>
    [
        new("a quantisation", "winnow pull bartowski/SmolLM2-135M-Instruct-GGUF:Q4_K_M"),
        new("the safetensors of a repository", "winnow pull HuggingFaceTB/SmolLM2-135M-Instruct"),
        new("use it", "winnow run --model SmolLM2-135M-Instruct-GGUF --prompt \"Hello\""),
        new("the path, for a script", "winnow pull owner/repo --json | jq -r .path"),
    ];

    protected override int Execute(ParseResult arguments)
    {
        string reference = arguments.GetRequiredValue(_reference);
        long started = Stopwatch.GetTimestamp();
        using HubClient client = new(Terminal.Hub);
        string path = Patience.Run(
            Terminal, $"asking for {reference}", meter => Pull(client, reference, meter), new DownloadedColumn(), new TransferSpeedColumn());
        double seconds = Stopwatch.GetElapsedTime(started).TotalSeconds;
        long bytes = SizeOf(path);
        if (arguments.GetValue(_common.Json))
        {
            JsonOutput.Write(Terminal, new PullJson(reference, path, bytes, Figures.Measured(seconds)), context => context.PullJson);
            return ExitCodes.Success;
        }

        Terminal.Out.WriteLine(path);
        Terminal.Out.Flush();
        Terminal.Note($"{Figures.Bytes(bytes)} complete, checksums as the hub lists them");
        return ExitCodes.Success;
    }

    private string Pull(HubClient client, string reference, Meter meter)
    {
        Reporter<DownloadProgress> progress = new(report =>
        {
            string part = report.FileCount > 1 ? $" ({report.FileNumber} of {report.FileCount})" : "";
            string stage = Path.GetFileName(report.File) + part;
            if (meter.Stage != stage)
                meter.Stage = stage;
            meter.Report(report.BytesDone, report.BytesTotal);
        });
        try
        {
            return client.PullAsync(reference, progress, Terminal.Interrupts.Token).GetAwaiter().GetResult();
        }
        catch (OperationCanceledException) when (Terminal.Interrupts.Requested && meter.Done > 0)
        {
            throw new OperationCanceledException(
                $"stopped; run 'winnow pull {reference}' again to go on from {Figures.Bytes(meter.Done)} of {Figures.Bytes(meter.Total)}");
        }
    }

    private static long SizeOf(string path) => Directory.Exists(path)
        ? new DirectoryInfo(path).EnumerateFiles("*", SearchOption.AllDirectories).Sum(file => file.Length)
        : new FileInfo(path).Length;
}
