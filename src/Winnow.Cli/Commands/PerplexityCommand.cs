using System.CommandLine;
using System.Globalization;
using Spectre.Console;
using Winnow.Caching;
using Winnow.Cli.Options;
using Winnow.Cli.Output;
using Winnow.Cli.Rendering;
using Winnow.Evaluation;
using Winnow.Kernels.Attention;

namespace Winnow.Cli.Commands;

/// <summary><c>winnow perplexity</c>: how well the model foresees a text.</summary>
internal sealed class PerplexityCommand : WinnowCommand
{
    private readonly CommonOptions _common;
    private readonly Option<int> _context = Values.Integer("--context", "N", "tokens of a window; its second half is scored", 1024, least: 4);
    private readonly Option<int> _windows = Values.Integer("--windows", "K", "windows to score; 0 for all that the text fills", 0);

    public PerplexityCommand(Terminal terminal, CommonOptions common)
        : base("perplexity", "Measures how well the model foresees a text, with the full cache or over what a policy keeps.", terminal)
    {
        _common = common;
        AddAll(common.Model, common.File, common.Prompt, _context, _windows, common.Cache, common.Keep, common.CacheType,
            common.Threads, common.Activations, common.FloatActivations, common.Json);
    }

    public override IReadOnlyList<Example> Examples =>
    [
        new("a text, eight windows of 1,024 tokens", "winnow perplexity --file text.txt --windows 8"),
        new("over a quarter of each window's first half", "winnow perplexity --file text.txt --windows 8 --cache h2o --keep 25%"),
    ];

    protected override int Execute(ParseResult arguments)
    {
        int windows = arguments.GetValue(_windows);
        ChosenPolicy policy = _common.ReadPolicy(arguments);
        EntryTypes entries = _common.ReadCacheType(arguments);
        PerplexityOptions options = new()
        {
            Context = arguments.GetValue(_context), Windows = windows == 0 ? null : windows, Policy = policy, Entries = entries,
        };
        using LanguageModel model = ModelOpener.Load(arguments, _common, Terminal);
        int[] tokens = [.. model.Tokenizer.Encode(PromptSource.ReadSingle(arguments, _common, Terminal), addSpecial: true, parseSpecial: false)];
        PerplexityResult result = Patience.Run(Terminal, "perplexity", meter => PerplexityEvaluator.Run(
            model, tokens, options, EvaluationReporter.To(meter), Terminal.Interrupts.Token));
        if (arguments.GetValue(_common.Json))
            JsonOutput.Write(Terminal, ToJson(result, policy), context => context.PerplexityJson);
        else
            Print(result, policy);
        return ExitCodes.Success;
    }

    private static PerplexityJson ToJson(PerplexityResult result, ChosenPolicy policy) => new()
    {
        Perplexity = result.Perplexity,
        StandardError = result.StandardError,
        MeanNll = result.MeanNegativeLogLikelihood,
        Tokens = result.Tokens,
        Windows = result.Windows,
        Context = result.Context,
        Cache = policy.Descriptor.Name,
        KeptEntries = Figures.Measured(result.KeptEntries),
        KvBytes = result.KvBytes,
        KvBytesFull = result.KvBytesFull,
        Seconds = Figures.Measured(result.Seconds),
    };

    private void Print(PerplexityResult result, ChosenPolicy policy)
    {
        IAnsiConsole console = Terminal.OutConsole();
        string perplexity = result.Perplexity.ToString("0.000", CultureInfo.InvariantCulture);
        string error = result.StandardError.ToString("0.000", CultureInfo.InvariantCulture);
        console.MarkupLineInterpolated($"perplexity [bold]{perplexity}[/] ± {error}");
        console.MarkupLineInterpolated(
            $"[dim]{Figures.Whole(result.Tokens)} tokens scored in {result.Windows} windows of {Figures.Whole(result.Context)} · {policy.Descriptor.Name} cache, {Figures.Whole(result.KeptEntries)} entries after the first half · KV {Figures.Bytes(result.KvBytes)} of {Figures.Bytes(result.KvBytesFull)} · {Figures.Short(result.Seconds)} s[/]");
    }
}
