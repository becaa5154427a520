using System.CommandLine;
using System.Globalization;
using Winnow.Cli.Options;
using Winnow.Evaluation;

namespace Winnow.Cli.Commands;

/// <summary><c>winnow eval retrieval</c>: numbers and facts hidden in texts of our own making.</summary>
internal sealed class EvalRetrievalCommand : EvalTextsCommand
{
    private readonly Option<int> _length = Values.Integer("--length", "N", "tokens of a text, about", 1300, least: 200);
    private readonly Option<int> _samples = Values.Integer("--samples", "N", "texts of each kind", 12, least: 1, most: 10_000);

    public EvalRetrievalCommand(Terminal terminal, CommonOptions common)
        : base("retrieval", "Hides a number, six numbers or a fact in filler, asks for one, and counts right answers under cache policies.", terminal,
            common) =>
        AddAll(_length, _samples);

    public override IReadOnlyList<Example> Examples =>
    [
        new("every policy at a quarter of the cache, the question known beforehand", "winnow eval retrieval --question-aware"),
        new("longer texts, more of them", "winnow eval retrieval --length 4000 --samples 50 --cache snapkv,tova --keep 50%,25%"),
        new("the texts alone", "winnow eval retrieval --write retrieval.jsonl"),
    ];

    protected override string Title => "Retrieval";

    protected override EvalPlan Plan(ParseResult arguments, LanguageModel model) => PlanOf(
        arguments, model, Rows(arguments, model),
        new (string, Option<int>)[] { ("--length", _length), ("--samples", _samples), ("--seed", Common.Seed) }
            .Select(option => (option.Item1, arguments.GetValue(option.Item2).ToString(CultureInfo.InvariantCulture))));

    protected override IReadOnlyList<DataRow> Rows(ParseResult arguments, LanguageModel model) => RetrievalTexts.Create(
        model.Tokenizer, arguments.GetValue(_length), arguments.GetValue(_samples), arguments.GetValue(Common.Seed));
}
