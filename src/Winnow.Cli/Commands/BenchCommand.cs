using System.CommandLine;
using Spectre.Console;
using Winnow.Caching;
using Winnow.Cli.Options;
using Winnow.Cli.Output;
using Winnow.Cli.Rendering;
using Winnow.Evaluation;

namespace Winnow.Cli.Commands;

/// <summary><c>winnow bench</c>: tokens per second.</summary>
internal sealed class BenchCommand : WinnowCommand
{
    private readonly CommonOptions _common;
    private readonly Option<int> _prompt = Values.Integer("--prompt-tokens", "N", "tokens of the timed prefill", 512, least: 1);
    private readonly Option<int> _generated = Values.Integer("--gen-tokens", "N", "tokens of the timed decoding", 128, least: 1);
    private readonly Option<IReadOnlyList<int>> _depths = Values.Integers("--depth", "N[,N…]", "tokens already read before the clock starts", [0]);
    private readonly Option<int> _runs = Values.Integer("--runs", "N", "timed runs, after one that does not count", 5, least: 1);

    public BenchCommand(Terminal terminal, CommonOptions common)
        : base("bench", "Measures prefill and decoding speed.", terminal)
    {
        _common = common;
        AddAll(common.OfModel);
        AddAll(_prompt, _generated, _depths, _runs, common.Cache, common.Keep, common.CacheType, common.Json);
    }

    public override IReadOnlyList<Example> Examples =>
    [
        new("short and long contexts", "winnow bench --depth 0,4096,8000"),
        new("what a quarter of the cache is worth", "winnow bench --depth 8000 --cache snapkv --keep 25% --runs 3"),
    ];

    protected override int Execute(ParseResult arguments)
    {
        ChosenPolicy policy = _common.ReadPolicy(arguments);
        using LanguageModel model = ModelOpener.Load(arguments, _common, Terminal);
        List<BenchmarkResult> results = Patience.Run(Terminal, "bench", meter => arguments.GetValue(_depths)!.Select(depth => SpeedBenchmark.Run(
            model,
            new BenchmarkOptions
            {
                PromptTokens = arguments.GetValue(_prompt),
                GenTokens = arguments.GetValue(_generated),
                Depth = depth,
                Runs = arguments.GetValue(_runs),
                Policy = policy,
                Entries = arguments.GetValue(_common.CacheType),
            },
            Patience.Reporter(meter),
            Terminal.Interrupts.Token)).ToList());
        BenchJson json = Describe(model, policy, arguments, results);
        if (arguments.GetValue(_common.Json))
            JsonOutput.Write(Terminal, json, context => context.BenchJson);
        else
            Print(json);
        return ExitCodes.Success;
    }

    private BenchJson Describe(LanguageModel model, ChosenPolicy policy, ParseResult arguments, List<BenchmarkResult> results) => new(
        Machine.Describe(),
        results[0].Model,
        Machine.SizeOf(model.Checkpoint.Path),
        model.Threads,
        policy.Descriptor.Name,
        arguments.GetValue(_common.CacheType).ToString().ToLowerInvariant(),
        [.. results.Select(Describe)]);

    private static BenchRowJson Describe(BenchmarkResult result) => new()
    {
        Depth = result.Depth,
        PromptTokens = result.PromptTokens,
        GenTokens = result.GenTokens,
        Runs = result.Prefill.Runs.Count,
        PrefillTokensPerS = Figures.Measured(result.Prefill.Median),
        PrefillSpread = Describe(result.Prefill),
        DecodeTokensPerS = Figures.Measured(result.Decode.Median),
        DecodeSpread = Describe(result.Decode),
        BytesPerToken = result.BytesPerToken,
        WeightBytesPerToken = result.WeightBytesPerToken,
        KvBytesPerToken = result.KvBytesPerToken,
        KvBytes = result.KvBytes,
        KvBytesFull = result.KvBytesFull,
    };

    private static SpreadJson Describe(SpeedSummary speed) => new(
        Figures.Measured(speed.Min), Figures.Measured(speed.LowerQuartile), Figures.Measured(speed.UpperQuartile), Figures.Measured(speed.Max));

    private void Print(BenchJson bench)
    {
        IAnsiConsole console = Terminal.OutConsole();
        MachineJson machine = bench.Machine;
        console.MarkupLineInterpolated($"{bench.Model} ({Figures.Bytes(bench.ModelBytes)}), cache {bench.Cache} in {bench.CacheType}, {bench.Threads} threads");
        console.MarkupLineInterpolated($"[dim]{machine.Cpu}, {string.Join(" ", machine.InstructionSets)}, {machine.Runtime}, {machine.System}[/]");
        Table table = new Table().RoundedBorder();
        foreach (string head in new[] { "depth", "prefill tok/s", "quartiles", "decode tok/s", "quartiles", "bytes/token", "KV after" })
            table.AddColumn(new TableColumn(head).RightAligned());
        foreach (BenchRowJson row in bench.Results)
        {
            table.AddRow(
                Figures.Whole(row.Depth),
                Figures.Rate(row.PrefillTokensPerS),
                $"{Figures.Rate(row.PrefillSpread.LowerQuartile)}–{Figures.Rate(row.PrefillSpread.UpperQuartile)}",
                Figures.Rate(row.DecodeTokensPerS),
                $"{Figures.Rate(row.DecodeSpread.LowerQuartile)}–{Figures.Rate(row.DecodeSpread.UpperQuartile)}",
                Figures.Bytes(row.BytesPerToken),
                Figures.Bytes(row.KvBytes));
        }

        console.Write(table);
    }
}
