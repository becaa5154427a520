using System.CommandLine;
using System.Globalization;
using Winnow.Caching;
using Winnow.Cli.Options;
using Winnow.Cli.Output;
using Winnow.Cli.Rendering;
using Winnow.Evaluation;
using Winnow.Kernels.Attention;
using Winnow.Kernels.Linear;

namespace Winnow.Cli.Commands;

/// <summary>What one evaluation measures.</summary>
/// <param name="Work">The rows.</param>
/// <param name="Settings">What made them, by names that the user knows.</param>
internal sealed record EvalPlan(SweepWork Work, IReadOnlyList<(string Name, string Value)> Settings)
{
    /// <summary>Cells of a heat map, when the rows are needles.</summary>
    public IReadOnlyList<NeedleRow> Needles { get; init; } = [];
}

/// <summary>What the commands below <c>winnow eval</c> share: policies, budgets, the sweep, its journal, and what is made of the results.</summary>
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

    private readonly Option<int> _parallel = Values.Integer("--parallel", "N",
        "rows that run side by side, the threads shared among them; 0 decides by the model's size", 0, most: 64);
    private readonly Option<string?> _journal = Values.Text("--journal", "FILE", "notes finished rows, and goes on after those that are there");
    private readonly Option<bool> _resume;
    private readonly Option<string?> _output = Values.Text("--output", "FILE.json", "writes the JSON to a file as well");
    private readonly Option<string?> _plot = Values.Text("--plot", "FILE.png", "draws quality against memory");
    private readonly Option<string?> _page = Values.Text("--page", "FILE.md", "writes setting, scores, spread and recipe as a page");

    /// <summary>Names the command.</summary>
    protected EvalCommand(string name, string description, Terminal terminal, CommonOptions common)
        : base(name, description, terminal)
    {
        Common = common;
        _resume = Values.Switch("--resume", $"the same as --journal {DefaultJournal}");
        AddAll(common.Model, _caches, _keeps, common.CacheType, _parallel, _journal, _resume, _output, _plot, _page,
            common.Threads, common.Activations, common.FloatActivations, common.Json);
    }

    /// <summary>Options that several commands share.</summary>
    protected CommonOptions Common { get; }

    /// <summary>What a page of results is called, before the model's name.</summary>
    protected abstract string Title { get; }

    /// <summary>How figures come about, for a page of results.</summary>
    protected abstract string Method { get; }

    private string DefaultJournal => $"winnow-eval-{Name}.journal";

    /// <summary>Rows to measure.</summary>
    protected abstract EvalPlan Plan(ParseResult arguments, LanguageModel model);

    /// <inheritdoc/>
    protected override int Execute(ParseResult arguments)
    {
        foreach (Option<string?> file in (Option<string?>[])[_output, _plot, _page, _journal])
            OutputFile.RequireFolder(arguments.GetValue(file));
        EntryTypes types = Common.ReadCacheType(arguments);
        List<ComparisonEntry> entries = Entries(arguments.GetValue(_caches) is { Length: > 0 } names ? names : [PolicyList.All], arguments.GetValue(_keeps));
        using LanguageModel model = ModelOpener.Load(arguments, Common, Terminal);
        EvalPlan plan = Plan(arguments, model);
        using SweepJournal? journal = OpenJournal(arguments, model, plan, types);
        using ModelCopies copies = ModelCopies.Of(model, arguments.GetValue(_parallel));
        SweepOptions options = new() { Entries = entries, EntriesType = types, Journal = journal };
        IReadOnlyList<SweepResult> results = Patience.Run(
            Terminal, "evaluating", meter => SweepRunner.Run(copies.Models, plan.Work, options, EvaluationReporter.To(meter), Terminal.Interrupts.Token));
        Report(arguments, model, plan, results);
        if (results.Count == entries.Count)
            return ExitCodes.Success;
        string again = journal is null ? "" : "; the same command goes on from here";
        Terminal.Error.WriteLine($"winnow: stopped after {results.Count} of {entries.Count} policies and budgets{again}");
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

    private SweepJournal? OpenJournal(ParseResult arguments, LanguageModel model, EvalPlan plan, EntryTypes types)
    {
        string? path = arguments.GetValue(_journal) ?? (arguments.GetValue(_resume) ? DefaultJournal : null);
        if (path is null)
            return null;
        Dictionary<string, string> settings = new()
        {
            ["the command"] = $"eval {Name}",
            ["the model"] = $"{ModelFacts.NameOf(model)} of {ModelFacts.TensorBytes(model).ToString(CultureInfo.InvariantCulture)} bytes",
            ["--cache-type"] = types.ToString(),
            ["--float-activations"] = arguments.GetValue(Common.FloatActivations) ? "on" : "off",
        };
        // Journals from before there was a choice go on.
        if (model.Options.Activations == ActivationMode.QuantizedByte)
            settings["--activations"] = "8";
        foreach ((string name, string value) in plan.Settings)
            settings[name] = value;
        settings["the text"] = plan.Work.Digest[..16];
        SweepJournal journal = SweepJournal.Open(path, settings);
        if (journal.Known > 0)
            Terminal.Error.WriteLine($"{path}: {journal.Known} rows are done already");
        return journal;
    }

    private void Report(ParseResult arguments, LanguageModel model, EvalPlan plan, IReadOnlyList<SweepResult> results)
    {
        NeedleGrid[] grids = plan.Needles.Count == 0 ? [] : [.. results.Select(result => NeedleGrid.Of(result, plan.Needles))];
        EvalJson[] json = [.. results.Select((result, i) => SweepJson.Of(result, grids.Length == 0 ? null : grids[i]))];
        if (arguments.GetValue(_output) is { } output)
        {
            JsonOutput.Save(output, json, context => context.EvalJsonArray);
            Terminal.Error.WriteLine($"wrote {output}");
        }

        if (results.Count > 0)
            Draw(arguments, model, plan, results, grids);
        if (!arguments.GetValue(Common.Json))
            EvalView.Print(Terminal.OutConsole(), results, grids);
        else if (json.Length == 1)
            JsonOutput.Write(Terminal, json[0], context => context.EvalJson);
        else
            JsonOutput.Write(Terminal, json, context => context.EvalJsonArray);
    }

    private void Draw(ParseResult arguments, LanguageModel model, EvalPlan plan, IReadOnlyList<SweepResult> results, NeedleGrid[] grids)
    {
        string title = $"{Title} on {Path.GetFileNameWithoutExtension(ModelFacts.NameOf(model))}";
        string? plot = arguments.GetValue(_plot);
        if (plot is not null)
        {
            if (grids.Length > 0)
                NeedlePlot.Save(grids, plot);
            else
                SweepPlot.Save(results, title, plot);
            Terminal.Error.WriteLine($"wrote {plot}");
        }

        if (arguments.GetValue(_page) is not { } page)
            return;
        string folder = Path.GetDirectoryName(Path.GetFullPath(page))!;
        PageOptions options = new()
        {
            Title = title,
            Setting = [.. ModelFacts.Describe(model), .. plan.Settings.Select(setting => (setting.Name.TrimStart('-').Replace('-', ' '), setting.Value)),
                .. MachineFacts(model)],
            Command = Recipe.Of(arguments),
            Method = Method,
            Picture = plot is null ? null : Path.GetRelativePath(folder, Path.GetFullPath(plot)).Replace('\\', '/'),
            Grids = grids,
        };
        File.WriteAllText(page, ResultPage.Write(results, options));
        Terminal.Error.WriteLine($"wrote {page}");
    }

    private static IEnumerable<(string Name, string Value)> MachineFacts(LanguageModel model)
    {
        MachineJson machine = Machine.Describe();
        yield return ("processor", $"{machine.Cpu}, {machine.Processors} logical processors, {machine.InstructionSets[^1]}");
        yield return ("runtime", $"{machine.Runtime}, {model.Threads} {(model.Threads == 1 ? "thread" : "threads")}");
        yield return ("date", DateTime.UtcNow.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture));
    }
}
