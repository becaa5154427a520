using System.CommandLine;
using Winnow.Cli.Options;
using Winnow.Evaluation;

namespace Winnow.Cli.Commands;

/// <summary><c>winnow eval retrieval</c>: numbers and facts hidden in texts of our own making.</summary>
internal sealed class EvalRetrievalCommand : EvalCommand
{
    private readonly Option<int> _length = Values.Integer("--length", "N", "tokens of a text, about", 1300, least: 200);
    private readonly Option<int> _samples = Values.Integer("--samples", "N", "texts of each kind", 12, least: 1, most: 10_000);
    private readonly Option<string?> _write = Values.Text("--write", "FILE.jsonl", "writes the texts and questions for 'winnow eval file', and answers none");

    public EvalRetrievalCommand(Terminal terminal, CommonOptions common)
        : base("retrieval", "Hides a number, six numbers or a fact in filler, asks for one, and counts right answers under cache policies.", terminal, common) =>
        AddAll(_length, _samples, common.Seed, _write);

    public override IReadOnlyList<Example> Examples =>
    [
        new("every policy at a quarter of the cache, the question known beforehand", "winnow eval retrieval --question-aware"),
        new("longer texts, more of them", "winnow eval retrieval --length 4000 --samples 50 --cache snapkv,tova --keep 50%,25%"),
        new("the texts alone", "winnow eval retrieval --write retrieval.jsonl"),
    ];

    protected override int Execute(ParseResult arguments)
    {
        if (arguments.GetValue(_write) is not { } path)
            return base.Execute(arguments);
        OutputFile.RequireFolder(path);
        using LanguageModel model = ModelOpener.Load(arguments, Common, Terminal);
        DataFile.Write(path, Rows(arguments, model));
        Terminal.Error.WriteLine($"wrote {path}");
        return ExitCodes.Success;
    }

    protected override IReadOnlyList<DataRow> Rows(ParseResult arguments, LanguageModel model) => RetrievalTexts.Create(
        model.Tokenizer, arguments.GetValue(_length), arguments.GetValue(_samples), arguments.GetValue(Common.Seed));
}
