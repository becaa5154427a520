using System.CommandLine;
using Winnow.Cli.Options;
using Winnow.Evaluation;

namespace Winnow.Cli.Commands;

/// <summary>An evaluation by questions over texts.</summary>
internal abstract class EvalRowsCommand : EvalCommand
{
    private readonly Option<bool> _questionAware =
        Values.Switch("--question-aware", "lets a policy see the question before it compresses; otherwise it sees the text alone");

    /// <summary>Names the command.</summary>
    protected EvalRowsCommand(string name, string description, Terminal terminal, CommonOptions common)
        : base(name, description, terminal, common) => Add(_questionAware);

    /// <inheritdoc/>
    protected override string Method =>
        "The likeliest token is always taken, through the model's chat template. "
        + "Question-aware: a policy reads text and question before it compresses. "
        + "Otherwise it reads and compresses the text alone, and the question is fed token by token over what was kept.";

    /// <summary>The plan for rows.</summary>
    protected EvalPlan PlanOf(ParseResult arguments, LanguageModel model, IReadOnlyList<DataRow> rows, params IEnumerable<(string Name, string Value)> settings)
    {
        bool aware = arguments.GetValue(_questionAware);
        return new EvalPlan(new QuestionWork(model.Tokenizer, rows, aware), [.. settings, ("--question-aware", aware ? "yes" : "no")]);
    }
}
