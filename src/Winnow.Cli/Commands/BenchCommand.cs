using System.CommandLine;
using Winnow.Caching;
using Winnow.Cli.Options;
using Winnow.Cli.Output;
using Winnow.Cli.Rendering;
using Winnow.Evaluation;

namespace Winnow.Cli.Commands;

/// <summary><c>winnow bench</c>: speed.</summary>
internal sealed class BenchCommand : WinnowCommand
{
    private readonly CommonOptions _common;
    private readonly Option<int> _promptTokens = Values.Integer("--prompt-tokens", "N", "tokens of the timed prefill", 512, least: 1);
    private readonly Option<int> _genTokens = Values.Integer("--gen-tokens", "N", "tokens of the timed decoding", 128, least: 1);
    private readonly Option<IReadOnlyList<int>> _depths = Values.Integers("--depth", "N[,N…]", "tokens read before either, untimed", [0]);
    private readonly Option<int> _every = Values.Integer("--every", "N", "shows speed and memory after every N generated tokens of the last run; 0 for never", 0);
    private readonly Option<int> _sequences = Values.Integer("--sequences", "N", "sequences that decode together, each with its own cache", 1, least: 1);
    private readonly Option<bool> _step = Values.Switch("--step", "waits for a line on standard input before each timed run, to measure two programs in turns");
    private readonly Option<IReadOnlyList<int>> _bandwidth =
        Values.Integers("--bandwidth", "MIB[,MIB…]", "measures how fast buffers of such sizes are read, in place of a model", [], least: 1);
    private readonly Option<int> _runs = Values.Integer("--runs", "N", "timed runs, after one that warms up", 5, least: 1);

    public BenchCommand(Terminal terminal, CommonOptions common)
        : base("bench", "Measures prefill and decode speed.", terminal)
    {
        _common = common;
        AddAll([
            common.Model, _promptTokens, _genTokens, _every, _depths, _sequences, _runs, _step, _bandwidth, common.Cache, common.Keep, common.CacheType,
            common.Threads, common.Activations, common.FloatActivations, common.Json,
        ]);
    }

    public override IReadOnlyList<Example> Examples =>
    [
        new("speed at the beginning of a text and deep inside", "winnow bench --depth 0,4096"),
        new("what a guided cache gains there", "winnow bench --depth 4096 --cache snapkv --keep 25%"),
        new("eight answers at once", "winnow bench --depth 2048 --sequences 8 --cache snapkv --keep 25%"),
        new("whether a long answer slows down", "winnow bench --gen-tokens 3000 --every 500 --runs 1 --depth 512 --cache morphkv"),
        new("what memory allows", "winnow bench --bandwidth 92,1024 --threads 2"),
        new("figures for a script", "winnow bench --runs 3 --json | jq '.results[].decode_tokens_per_s'"),
    ];

    protected override int Execute(ParseResult arguments)
    {
        if (arguments.GetValue(_bandwidth) is { Count: > 0 } sizes)
            return MeasureBandwidth(arguments, sizes);
        ChosenPolicy policy = _common.ReadPolicy(arguments);
        BenchmarkOptions options = new()
        {
            PromptTokens = arguments.GetValue(_promptTokens),
            GenTokens = arguments.GetValue(_genTokens),
            Window = arguments.GetValue(_every),
            Sequences = arguments.GetValue(_sequences),
            Runs = arguments.GetValue(_runs),
            Policy = policy,
            Entries = _common.ReadCacheType(arguments),
        };
        IReadOnlyList<int> depths = arguments.GetValue(_depths) is { Count: > 0 } given ? given : [0];
        string path = ModelOpener.Locate(arguments, _common, Terminal);
        // Speed at the end of the window and beyond it is a fair question; the text means nothing anyway.
        using LanguageModel model = LanguageModel.Load(path, _common.ReadModelOptions(arguments) with { EnforceWindow = false });
        BenchmarkResult[] results = [.. depths.Select(depth => Measure(model, options with { Depth = depth }, arguments.GetValue(_step)))];
        BenchJson json = BenchmarkJson.Of(model, results);
        if (arguments.GetValue(_common.Json))
            JsonOutput.Write(Terminal, json, context => context.BenchJson);
        else
            BenchmarkView.Print(Terminal.OutConsole(), json);
        return ExitCodes.Success;
    }

    private BenchmarkResult Measure(LanguageModel model, BenchmarkOptions options, bool step) => step
        ? SpeedBenchmark.Run(model, options, new RunSteps(Terminal), Terminal.Interrupts.Token)
        : Patience.Run(
            Terminal, $"depth {Figures.Whole(options.Depth)}", meter => SpeedBenchmark.Run(model, options, EvaluationReporter.To(meter), Terminal.Interrupts.Token));

    private int MeasureBandwidth(ParseResult arguments, IReadOnlyList<int> sizes)
    {
        int threads = arguments.GetValue(_common.Threads) is > 0 and int given ? given : Environment.ProcessorCount;
        BandwidthJson json = BenchmarkJson.Of(threads, sizes.Select(size => (long)size << 20).Select(bytes =>
            (bytes, ReadBandwidth.Measure(bytes, threads, arguments.GetValue(_runs), Terminal.Interrupts.Token))));
        if (arguments.GetValue(_common.Json))
            JsonOutput.Write(Terminal, json, context => context.BandwidthJson);
        else
            BenchmarkView.Print(Terminal.OutConsole(), json);
        return ExitCodes.Success;
    }
}
