using System.CommandLine;
using Winnow.Caching;
using Winnow.Cli.Options;
using Winnow.Cli.Output;
using Winnow.Cli.Rendering;
using Winnow.Evaluation;

namespace Winnow.Cli.Commands;

/// <summary><c>winnow compare</c>, the main job: one question over one document with the full cache and with every policy.</summary>
internal sealed class CompareCommand : WinnowCommand
{
    private const string AllPolicies = "all";
    private readonly CommonOptions _common;
    private readonly Option<IReadOnlyList<string>> _caches;
    private readonly Option<IReadOnlyList<string>> _keeps;
    private readonly Option<string?> _plot = Values.Text("--plot", "FILE.png", "draws quality against memory");
    private readonly Option<string?> _output = Values.Text("--output", "FILE.json", "writes the JSON beside the table");
    private readonly Option<bool> _raw = Values.Switch("--raw", "sends the text as it is, without the model's chat template");

    public CompareCommand(Terminal terminal, CommonOptions common)
        : base("compare", "Answers a question over a document with the full cache and with every policy, side by side.", terminal)
    {
        _common = common;
        _caches = new Option<IReadOnlyList<string>>("--cache")
        {
            Description = "a policy with its options; repeat the option for several [default: all]",
            HelpName = "NAME[:key=value,…]|all",
            DefaultValueFactory = _ => [AllPolicies],
            CustomParser = argument => [.. argument.Tokens.SelectMany(token => PolicyList.Split(token.Value))],
        };
        _keeps = new Option<IReadOnlyList<string>>("--keep")
        {
            Description = "budgets, separated by commas",
            HelpName = "25%[,10%…]|N|64MiB",
            DefaultValueFactory = _ => [CommonOptions.DefaultKeep],
            CustomParser = argument => [.. Values.Words(argument)],
        };
        AddAll(common.OfModel);
        AddAll(common.File, common.Prompt, common.System, _raw, _caches, _keeps, common.CacheType, _plot, _output);
        AddAll(common.OfSampling);
        Add(common.Json);
    }

    public override IReadOnlyList<Example> Examples =>
    [
        new("all policies on the sample document", "winnow compare"),
        new("all policies on a document of your own at three budgets", "winnow compare --file report.txt --prompt \"What was decided?\" --keep 50%,25%,10%"),
        new("two policies with options, and a picture", "winnow compare --cache sage-kv --cache h2o:norm=mean-over-visible --plot compare.png"),
    ];

    protected override int Execute(ParseResult arguments)
    {
        ComparisonOptions options = ReadOptions(arguments);
        using LanguageModel model = ModelOpener.Load(arguments, _common, Terminal);
        bool sample = arguments.GetValue(_common.File) is null && arguments.GetValue(_common.Prompt) is null && Terminal.InIsTerminal;
        PromptText text = sample ? SampleDocument.Read() : PromptSource.Read(arguments, _common, promptFile: null, Terminal);
        int[] prompt = PromptEncoder.Encode(model.Tokenizer, text, arguments.GetValue(_common.System), arguments.GetValue(_raw));
        ComparisonReport report = Patience.Run(Terminal, "compare", meter =>
            Comparison.Run(model, prompt, options, Patience.Reporter(meter), Terminal.Interrupts.Token));
        CompareJson json = CompareView.Describe(report, arguments.GetValue(_common.File) ?? (sample ? SampleDocument.Name : null), text.Question ?? text.Joined);
        if (arguments.GetValue(_output) is { } output)
            JsonOutput.Save(output, json, context => context.CompareJson);
        if (arguments.GetValue(_plot) is { } plot)
            ComparisonPlot.Save(report, plot);
        if (arguments.GetValue(_common.Json))
            JsonOutput.Write(Terminal, json, context => context.CompareJson);
        else
            CompareView.Print(Terminal.OutConsole(), json);
        return ExitCodes.Success;
    }

    private ComparisonOptions ReadOptions(ParseResult arguments)
    {
        IEnumerable<string> named = arguments.GetValue(_caches)!.SelectMany(text => text == AllPolicies ? PolicyCatalogue.All.Select(policy => policy.Name) : [text]);
        // The full cache comes first by itself, and once.
        string[] policies = [.. named.Where(text => text != ChosenPolicy.Full.Descriptor.Name).Distinct()];
        Budget[] budgets = [.. arguments.GetValue(_keeps)!.Select(Budget.Parse)];
        foreach (string policy in policies)
            PolicyCatalogue.Parse(policy, budgets[0]);
        Winnow.Decoding.GenerationOptions generation = _common.ReadGeneration(arguments);
        return new ComparisonOptions
        {
            Entries = [.. budgets.SelectMany(budget => policies.Select(policy => new ComparisonEntry(policy, budget)))],
            MaxTokens = arguments.GetResult(_common.MaxTokens) is { Implicit: false } ? generation.MaxTokens : 64,
            EntriesType = arguments.GetValue(_common.CacheType),
            Sampling = generation.Sampling,
        };
    }
}
