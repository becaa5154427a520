using System.CommandLine;
using System.Globalization;
using Winnow.Cli.Options;
using Winnow.Evaluation;

namespace Winnow.Cli.Commands;

/// <summary><c>winnow eval file</c>: questions over texts from a file.</summary>
internal sealed class EvalFileCommand : EvalRowsCommand
{
    private readonly Option<string> _data = new("--data")
    {
        Description = "JSON lines with task, context, question, answer_prefix, answer and max_new_tokens",
        HelpName = "FILE.jsonl",
        Required = true,
    };

    private readonly Option<int> _limit = Values.Integer("--limit-per-task", "N", "most rows of a task; 0 for all", 0);

    public EvalFileCommand(Terminal terminal, CommonOptions common)
        : base("file", "Answers questions over texts from a file under cache policies, and counts right answers.", terminal, common) =>
        AddAll(_data, _limit);

    public override IReadOnlyList<Example> Examples =>
    [
        new("every policy at a quarter of the cache", "winnow eval file --data questions.jsonl"),
        new("two policies, four budgets, the question known beforehand",
            "winnow eval file --data questions.jsonl --cache snapkv,kvcompose --keep 75%,50%,25%,10% --question-aware"),
        new("figures for a script", "winnow eval file --data questions.jsonl --cache h2o --limit-per-task 20 --json | jq '.tasks[]'"),
    ];

    protected override string Title => "Questions";

    protected override EvalPlan Plan(ParseResult arguments, LanguageModel model)
    {
        IReadOnlyList<DataRow> rows = DataFile.Read(arguments.GetValue(_data)!);
        int limit = arguments.GetValue(_limit);
        return PlanOf(
            arguments, model, limit == 0 ? rows : [.. rows.GroupBy(row => row.Task).SelectMany(task => task.Take(limit))],
            ("--data", Path.GetFileName(arguments.GetValue(_data)!)), ("--limit-per-task", limit.ToString(CultureInfo.InvariantCulture)));
    }
}
