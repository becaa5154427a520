using System.CommandLine;
using System.Globalization;
using Winnow.Cli.Options;
using Winnow.Cli.Output;
using Winnow.Cli.Rendering;
using Winnow.Training.Nano;

namespace Winnow.Cli.Commands;

/// <summary><c>winnow eval nano</c>: right answers to questions of the nano language, with the full cache.</summary>
internal sealed class EvalNanoCommand : WinnowCommand
{
    private readonly CommonOptions _common;
    private readonly Option<string?> _tasks = Values.Text("--tasks", "NAME,…", "tasks, separated by commas [default: all]");
    private readonly Option<IReadOnlyList<int>> _lengths = Values.Integers("--length", "N,…", "tokens of a text with its question and answer", [1024], least: 64);
    private readonly Option<int> _samples = Values.Integer("--samples", "N", "questions of each task and length", 100, least: 1);
    private readonly Option<bool> _plain = Values.Switch("--plain", "plain text as far as the beginning of the answer, instead of a turn of a conversation");
    private readonly Option<string?> _write = Values.Text("--write", "FILE.txt", "writes held-out text for 'winnow perplexity', and asks nothing");

    public EvalNanoCommand(Terminal terminal, CommonOptions common)
        : base("nano", "Asks questions of the nano language and counts right answers with the full cache.", terminal)
    {
        _common = common;
        AddAll(common.Model, _tasks, _lengths, _samples, _plain, _write, common.Threads, common.Activations, common.FloatActivations, common.Json);
    }

    public override IReadOnlyList<Example> Examples =>
    [
        new("the shipped model, every task at two lengths", "winnow eval nano --length 1024,2048"),
        new("one task", "winnow eval nano --tasks kv --samples 20"),
        new("text that no training has seen", "winnow eval nano --write held-out.txt"),
    ];

    protected override int Execute(ParseResult arguments)
    {
        if (arguments.GetValue(_write) is { } path)
        {
            OutputFile.RequireFolder(path);
            File.WriteAllText(path, NanoText.Create(seed: 20_000, documents: 90));
            Terminal.Error.WriteLine($"wrote {path}");
            return ExitCodes.Success;
        }

        string[] tasks = [.. arguments.GetValue(_tasks)?.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries) ?? NanoTasks.Names];
        if (Array.Find(tasks, task => !NanoTasks.Names.Contains(task)) is { } unknown)
            throw new WinnowException($"there is no task '{unknown}'; there are {string.Join(", ", NanoTasks.Names)}");
        (int Length, string Task)[] cells = [.. (arguments.GetValue(_lengths) ?? [1024]).SelectMany(length => tasks.Select(task => (length, task)))];
        int samples = arguments.GetValue(_samples);
        bool plain = arguments.GetValue(_plain);
        using LanguageModel model = ModelOpener.Load(arguments, _common, Terminal);
        NanoScore[] scores = Patience.Run(Terminal, "asking", meter => cells.Select((cell, i) =>
        {
            meter.Report(i, cells.Length);
            return NanoEvaluator.Run(model, cell.Task, cell.Length, samples, plain, Terminal.Interrupts.Token);
        }).ToArray());
        if (arguments.GetValue(_common.Json))
            JsonOutput.Write(Terminal, scores, context => context.NanoScoreArray);
        else
            Print(scores);
        return ExitCodes.Success;
    }

    private void Print(NanoScore[] scores)
    {
        foreach (NanoScore score in scores)
            Terminal.Out.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{score.Task,-14} {score.Tokens,6} tokens {score.Right,5} of {score.Samples} right"));
    }
}
