using System.CommandLine;
using Winnow.Cli.Generation;
using Winnow.Cli.Options;
using Winnow.Cli.Output;
using Winnow.Cli.Rendering;
using Winnow.Decoding;
using Winnow.Evaluation;

namespace Winnow.Cli.Commands;

/// <summary><c>winnow compare</c>: one question, every policy.</summary>
internal sealed class CompareCommand : WinnowCommand
{
    private const int DefaultMaxTokens = 48;

    private readonly CommonOptions _common;
    private readonly Option<string[]> _caches = new("--cache")
    {
        Description = "policies, separated by commas, or 'all'; repeat it for policies with options of their own [default: all]",
        HelpName = "NAME[:key=value,…]",
    };

    private readonly Option<string[]> _keeps = new("--keep")
    {
        Description = $"budgets, separated by commas; every policy runs with each [default: {CommonOptions.DefaultKeep}]",
        HelpName = "50%,25%,N,64MiB",
    };

    private readonly Option<int> _maxTokens = Values.Integer("--max-tokens", "N", "most tokens of an answer", DefaultMaxTokens, least: 1);
    private readonly Option<bool> _raw = Values.Switch("--raw", "sends the text as it is, without the model's chat template");
    private readonly Option<string?> _output = Values.Text("--output", "FILE.json", "writes the JSON to a file as well");
    private readonly Option<string?> _plot = Values.Text("--plot", "FILE.png", "draws quality against memory");

    public CompareCommand(Terminal terminal, CommonOptions common)
        : base("compare", "Answers a question over a document with the full cache and with cache policies, and shows what each loses and saves.", terminal)
    {
        _common = common;
        AddAll([common.Model, common.File, common.Question, common.Prompt, common.System, _raw, _caches, _keeps, common.CacheType, _maxTokens]);
        AddAll(common.Temperature, common.TopP, common.TopK, common.Seed, _output, _plot,
            common.Threads, common.Activations, common.FloatActivations, common.Json);
    }

    public override IReadOnlyList<Example> Examples =>
    [
        new("all policies on a sample document", "winnow compare"),
        new("on a document of your own, with three budgets and a plot", "winnow compare --file report.txt --question \"Who signed it?\" --keep 50%,25%,10% --plot plot.png"),
        new("two policies, one with options", "winnow compare --cache h2o:norm=mean-over-visible --cache snapkv --keep 512"),
        new("the figures for a script", "winnow compare --file report.txt --question \"Who signed it?\" --json | jq '.rows[] | {cache, agreement_top1}'"),
    ];

    protected override int Execute(ParseResult arguments)
    {
        SamplingOptions sampling = _common.ReadGeneration(arguments).Sampling;
        ComparisonOptions options = new()
        {
            Entries = PolicyList.Parse(
                OrDefault(arguments.GetValue(_caches), PolicyList.All), OrDefault(arguments.GetValue(_keeps), CommonOptions.DefaultKeep)),
            MaxTokens = arguments.GetValue(_maxTokens),
            EntriesType = _common.ReadCacheType(arguments),
            Sampling = sampling,
        };
        OutputFile.RequireFolder(arguments.GetValue(_output));
        OutputFile.RequireFolder(arguments.GetValue(_plot));
        using LanguageModel model = ModelOpener.Load(arguments, _common, Terminal);
        (string? file, PromptText prompt) = ReadPrompt(arguments, model);
        PromptTokens tokens = new PromptRenderer(model.Tokenizer, arguments.GetValue(_raw))
            .EncodePrompt(arguments.GetValue(_common.System), prompt.Document, prompt.Question);
        ComparisonReport report = Patience.Run(Terminal, "warming up", meter => Comparison.Run(
            model, tokens, options, EvaluationReporter.To(meter), Terminal.Interrupts.Token));
        CompareJson json = ComparisonJson.Of(report, file, prompt.Question ?? "");
        Save(arguments, report, json);
        if (arguments.GetValue(_common.Json))
            JsonOutput.Write(Terminal, json, context => context.CompareJson);
        else
            ComparisonView.Print(Terminal.OutConsole(), json);
        return ExitCodes.Success;
    }

    private static string[] OrDefault(string[]? given, string otherwise) => given is { Length: > 0 } ? given : [otherwise];

    private (string? File, PromptText Prompt) ReadPrompt(ParseResult arguments, LanguageModel model)
    {
        string? file = arguments.GetValue(_common.File);
        if (file is not null || arguments.GetValue(_common.Prompt) is not null || arguments.GetValue(_common.Question) is not null)
            return (file, PromptSource.Read(arguments, _common, null, Terminal));
        SampleDocument sample = SampleDocument.For(model);
        return (sample.Name, new PromptText(sample.Read(), sample.Question));
    }

    private void Save(ParseResult arguments, ComparisonReport report, CompareJson json)
    {
        if (arguments.GetValue(_output) is { } output)
        {
            JsonOutput.Save(output, json, context => context.CompareJson);
            Terminal.Error.WriteLine($"wrote {output}");
        }

        if (arguments.GetValue(_plot) is { } plot)
        {
            ComparisonPlot.Save(report, plot);
            Terminal.Error.WriteLine($"wrote {plot}");
        }
    }
}
