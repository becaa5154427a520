using System.CommandLine;
using System.Globalization;
using Winnow.Cli.Options;
using Winnow.Evaluation;

namespace Winnow.Cli.Commands;

/// <summary><c>winnow eval ruler</c>: RULER's thirteen tasks in texts of our own making.</summary>
internal sealed class EvalRulerCommand : EvalTextsCommand
{
    private readonly Option<int> _length = Values.Integer("--length", "N", "most tokens of prompt and answer together", 4096, least: 64);
    private readonly Option<int> _samples = Values.Integer("--samples", "N", "texts of each task", 10, least: 1, most: 10_000);
    private readonly Option<IReadOnlyList<string>> _tasks = Values.List("--tasks", "A,B", "tasks by RULER's names [default: all thirteen]");

    public EvalRulerCommand(Terminal terminal, CommonOptions common)
        : base("ruler", "Runs RULER's thirteen tasks at any length under cache policies, scored as RULER scores them.", terminal, common) =>
        AddAll(_length, _samples, _tasks);

    public override IReadOnlyList<Example> Examples =>
    [
        new("every policy at a quarter of the cache", "winnow eval ruler --length 2048"),
        new("two tasks, two policies, four budgets", "winnow eval ruler --tasks niah_single_2,vt --cache full,snapkv,h2o --keep 75%,50%,25%,10% --samples 25"),
        new("a long sweep that can be stopped and gone on with, and its page",
            "winnow eval ruler --keep 50%,25% --journal sweep.journal --plot ruler.png --page ruler.md"),
    ];

    protected override string Title => "RULER";

    protected override EvalPlan Plan(ParseResult arguments, LanguageModel model) => PlanOf(
        arguments, model, Rows(arguments, model),
        ("--length", arguments.GetValue(_length).ToString(CultureInfo.InvariantCulture)),
            ("--samples", arguments.GetValue(_samples).ToString(CultureInfo.InvariantCulture)),
        ("--seed", arguments.GetValue(Common.Seed).ToString(CultureInfo.InvariantCulture)));

    protected override IReadOnlyList<DataRow> Rows(ParseResult arguments, LanguageModel model) => RulerTexts.Create(model.Tokenizer, new RulerOptions
    {
        Tasks = arguments.GetValue(_tasks) is { Count: > 0 } tasks ? tasks : RulerTasks.Names,
        Length = arguments.GetValue(_length),
        Samples = arguments.GetValue(_samples),
        Seed = arguments.GetValue(Common.Seed),
        Language = NanoRulerLanguage.For(model),
    });
}
