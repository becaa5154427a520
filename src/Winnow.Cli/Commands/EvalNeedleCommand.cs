using System.CommandLine;
using System.Globalization;
using Winnow.Cli.Options;
using Winnow.Evaluation;

namespace Winnow.Cli.Commands;

/// <summary><c>winnow eval needle</c>: one number at every depth of texts of several lengths.</summary>
internal sealed class EvalNeedleCommand : EvalTextsCommand
{
    private static readonly int[] _usualLengths = [512, 1024, 2048];
    private static readonly int[] _usualDepths = [0, 25, 50, 75, 100];

    private readonly Option<IReadOnlyList<int>> _lengths = Values.Integers("--length", "N[,N…]", "most tokens of prompt and answer together", _usualLengths,
        least: 64);
    private readonly Option<IReadOnlyList<int>> _depths = Values.Integers("--depth", "N[,N…]", "where the number lies, in percent of the text", _usualDepths);
    private readonly Option<int> _samples = Values.Integer("--samples", "N", "texts of each length and depth", 3, least: 1, most: 10_000);

    public EvalNeedleCommand(Terminal terminal, CommonOptions common)
        : base("needle", "Hides a number at every depth of texts of several lengths and maps where it is found under cache policies.", terminal, common) =>
        AddAll(_lengths, _depths, _samples);

    public override IReadOnlyList<Example> Examples =>
    [
        new("where streaming-llm and snapkv forget", "winnow eval needle --cache full,streaming-llm,snapkv --keep 25%"),
        new("a finer map as a picture", "winnow eval needle --cache h2o --keep 50% --length 1000,2000,4000,8000 --depth 0,20,40,60,80,100 --plot map.png"),
    ];

    protected override string Title => "Needles";

    protected override EvalPlan Plan(ParseResult arguments, LanguageModel model)
    {
        IReadOnlyList<NeedleRow> needles = Needles(arguments, model);
        EvalPlan plan = PlanOf(
            arguments, model, [.. needles.Select(needle => needle.Row)],
            ("--length", string.Join(',', Lengths(arguments))), ("--depth", string.Join(',', Depths(arguments))),
            ("--samples", arguments.GetValue(_samples).ToString(CultureInfo.InvariantCulture)),
            ("--seed", arguments.GetValue(Common.Seed).ToString(CultureInfo.InvariantCulture)));
        return plan with { Needles = needles };
    }

    protected override IReadOnlyList<DataRow> Rows(ParseResult arguments, LanguageModel model) => [.. Needles(arguments, model).Select(needle => needle.Row)];

    private IReadOnlyList<NeedleRow> Needles(ParseResult arguments, LanguageModel model) => NeedleTexts.Create(model.Tokenizer, new NeedleOptions
    {
        Lengths = Lengths(arguments),
        Depths = [.. Depths(arguments).Select(percent => percent / 100.0)],
        Samples = arguments.GetValue(_samples),
        Seed = arguments.GetValue(Common.Seed),
        Language = NanoRulerLanguage.For(model),
    });

    private IReadOnlyList<int> Lengths(ParseResult arguments) => arguments.GetValue(_lengths) is { Count: > 0 } given ? given : _usualLengths;

    private IReadOnlyList<int> Depths(ParseResult arguments) => arguments.GetValue(_depths) is { Count: > 0 } given ? given : _usualDepths;
}
