using System.CommandLine;
using Winnow.Caching;
using Winnow.Cli.Options;
using Winnow.Cli.Output;
using Winnow.Cli.Rendering;
using Winnow.Evaluation;

namespace Winnow.Cli.Commands;

/// <summary>What the commands below <c>winnow eval</c> share: policies, budgets, the run and its table.</summary>
internal abstract class EvalCommand : WinnowCommand
{
    private readonly Option<string[]> _caches = new("--cache")
    {
        Description = "policies, separated by commas; 'all' is the full cache and every policy [default: all]",
        HelpName = "NAME[:key=value,…]",
    };

    private readonly Option<string[]> _keeps = new("--keep")
    {
        Description = $"budgets, separated by commas; every policy runs with each [default: {CommonOptions.DefaultKeep}]",
        HelpName = "75%,25%,N,64MiB",
    };

    private readonly Option<bool> _questionAware =
        Values.Switch("--question-aware", "lets a policy see the question before it compresses; otherwise it sees the text alone");

    private readonly Option<string?> _output = Values.Text("--output", "FILE.json", "writes the JSON to a file as well");

    /// <summary>Names the command.</summary>
    protected EvalCommand(string name, string description, Terminal terminal, CommonOptions common)
        : base(name, description, terminal)
    {
        Common = common;
        AddAll(common.Model, _caches, _keeps, _questionAware, common.CacheType, _output, common.Threads, common.FloatActivations, common.Json);
    }

    /// <summary>Options that several commands share.</summary>
    protected CommonOptions Common { get; }

    /// <summary>Rows to answer.</summary>
    protected abstract IReadOnlyList<DataRow> Rows(ParseResult arguments, LanguageModel model);

    /// <inheritdoc/>
    protected override int Execute(ParseResult arguments)
    {
        OutputFile.RequireFolder(arguments.GetValue(_output));
        DataOptions options = new()
        {
            Entries = Entries(arguments.GetValue(_caches) is { Length: > 0 } names ? names : [PolicyList.All], arguments.GetValue(_keeps)),
            QuestionAware = arguments.GetValue(_questionAware),
            EntriesType = Common.ReadCacheType(arguments),
        };
        using LanguageModel model = ModelOpener.Load(arguments, Common, Terminal);
        IReadOnlyList<DataRow> rows = Rows(arguments, model);
        List<DataResult> results = [];
        Patience.Run(Terminal, "evaluating", meter =>
        {
            results.AddRange(DataEvaluator.Run(model, rows, options, EvaluationReporter.To(meter), Terminal.Interrupts.Token));
            return 0;
        });
        Report(arguments, results);
        if (results.Count == options.Entries.Count)
            return ExitCodes.Success;
        Terminal.Error.WriteLine($"winnow: stopped after {results.Count} of {options.Entries.Count} policies");
        return ExitCodes.Interrupted;
    }

    private static List<ComparisonEntry> Entries(string[] names, string[]? keeps)
    {
        string[] all = [.. names.SelectMany(PolicyText.SplitList)];
        List<ComparisonEntry> entries = [.. PolicyList.Parse(all, keeps is { Length: > 0 } ? keeps : [CommonOptions.DefaultKeep])];
        string full = ChosenPolicy.Full.Descriptor.Name;
        if (all.Contains(full) || all.Contains(PolicyList.All))
            entries.Insert(0, new ComparisonEntry(full, Budget.Unlimited));
        return entries;
    }

    private void Report(ParseResult arguments, List<DataResult> results)
    {
        EvalJson[] json = [.. results.Select(result => new EvalJson(
            [.. result.Tasks.Select(task => new EvalTaskJson(task.Task, Figures.Measured(task.Score), task.Samples))],
            result.Policy, result.Keep, (long)result.KvBytes))];
        if (arguments.GetValue(_output) is { } output)
        {
            JsonOutput.Save(output, json, context => context.EvalJsonArray);
            Terminal.Error.WriteLine($"wrote {output}");
        }

        if (!arguments.GetValue(Common.Json))
            EvalView.Print(Terminal.OutConsole(), results);
        else if (json.Length == 1)
            JsonOutput.Write(Terminal, json[0], context => context.EvalJson);
        else
            JsonOutput.Write(Terminal, json, context => context.EvalJsonArray);
    }
}
