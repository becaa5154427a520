using System.CommandLine;
using Spectre.Console;
using Winnow.Caching;
using Winnow.Cli.Options;
using Winnow.Cli.Output;
using Winnow.Cli.Rendering;
using Winnow.Evaluation;

namespace Winnow.Cli.Commands;

/// <summary><c>winnow perplexity</c>: how well a model, with its cache under a policy, predicts a text.</summary>
internal sealed class PerplexityCommand : WinnowCommand
{
    private readonly CommonOptions _common;
    private readonly Option<int> _context = Values.Integer("--context", "N", "tokens of a window; its second half is scored", 1024, least: 4);
    private readonly Option<int> _windows = Values.Integer("--windows", "K", "windows to score; 0 for all that the text fills", 0);

    public PerplexityCommand(Terminal terminal, CommonOptions common)
        : base("perplexity", "Measures how well the model predicts a text, with the full cache or under a policy.", terminal)
    {
        _common = common;
        AddAll(common.OfModel);
        AddAll(common.File, _context, _windows, common.Cache, common.Keep, common.CacheType, common.Json);
    }

    public override IReadOnlyList<Example> Examples =>
    [
        new("eight windows of a text with the full cache", "winnow perplexity --file book.txt --windows 8"),
        new("the same over a quarter of the cache", "winnow perplexity --file book.txt --windows 8 --cache h2o --keep 25%"),
    ];

    protected override int Execute(ParseResult arguments)
    {
        ChosenPolicy policy = _common.ReadPolicy(arguments);
        using LanguageModel model = ModelOpener.Load(arguments, _common, Terminal);
        string text = PromptSource.ReadSingle(arguments, _common, Terminal);
        int windows = arguments.GetValue(_windows);
        PerplexityOptions options = new()
        {
            Context = arguments.GetValue(_context),
            Windows = windows == 0 ? null : windows,
            Policy = policy,
            Entries = arguments.GetValue(_common.CacheType),
        };
        int[] tokens = [.. model.Tokenizer.Encode(text, addSpecial: true, parseSpecial: false)];
        PerplexityResult result = Patience.Run(Terminal, "perplexity", meter =>
            PerplexityEvaluator.Run(model, tokens, options, Patience.Reporter(meter), Terminal.Interrupts.Token));
        if (arguments.GetValue(_common.Json))
            JsonOutput.Write(Terminal, Describe(result, policy), context => context.PerplexityJson);
        else
            Print(result, policy);
        return ExitCodes.Success;
    }

    private static PerplexityJson Describe(PerplexityResult result, ChosenPolicy policy) => new()
    {
        Perplexity = result.Perplexity,
        StandardError = result.StandardError,
        MeanNll = result.MeanNegativeLogLikelihood,
        Tokens = result.Tokens,
        Windows = result.Windows,
        Context = result.Context,
        Cache = policy.Descriptor.Name,
        KeptEntries = result.KeptEntries,
        KvBytes = result.KvBytes,
        KvBytesFull = result.KvBytesFull,
        Seconds = Figures.Measured(result.Seconds),
    };

    private void Print(PerplexityResult result, ChosenPolicy policy)
    {
        IAnsiConsole console = Terminal.OutConsole();
        FormattableString line = $"perplexity {result.Perplexity:0.0000} ± {result.StandardError:0.0000}";
        console.MarkupLine("[bold]" + FormattableString.Invariant(line) + "[/]");
        console.MarkupLineInterpolated(
            $"{Figures.Whole(result.Tokens)} tokens scored in {result.Windows} windows of {result.Context}, cache {policy.Descriptor.Name}, {Figures.Bytes(result.KvBytes)} of {Figures.Bytes(result.KvBytesFull)}, {Figures.Short(result.Seconds)} s");
    }
}
