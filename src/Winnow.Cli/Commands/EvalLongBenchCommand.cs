using System.CommandLine;
using System.Globalization;
using Winnow.Cli.Options;
using Winnow.Evaluation;

namespace Winnow.Cli.Commands;

/// <summary><c>winnow eval longbench</c>: LongBench's tasks from files that the user has.</summary>
internal sealed class EvalLongBenchCommand : EvalRowsCommand
{
    private readonly Option<string> _data = new("--data")
    {
        Description = "folder with LongBench's files, such as hotpotqa.jsonl",
        HelpName = "FOLDER",
        Required = true,
    };

    private readonly Option<IReadOnlyList<string>> _tasks = Values.List("--tasks", "A,B", "tasks by LongBench's names [default: all that are there]");
    private readonly Option<int> _limit = Values.Integer("--limit-per-task", "N", "most rows of a task; 0 for all", 0);
    private readonly Option<int> _length = Values.Integer("--length", "N",
        "most tokens of prompt and answer, the middle of a text left out; 0 for the model's window", 0);

    public EvalLongBenchCommand(Terminal terminal, CommonOptions common)
        : base("longbench", "Runs LongBench's tasks from a folder of its files under cache policies, with its metrics.", terminal, common) =>
        AddAll(_data, _tasks, _limit, _length);

    public override IReadOnlyList<Example> Examples =>
    [
        new("all tasks that the folder holds, ten rows of each", "winnow eval longbench --data LongBench/data --limit-per-task 10"),
        new("three tasks under two policies",
            "winnow eval longbench --data LongBench/data --tasks qasper,trec,lcc --cache full,snapkv,kvcompose --keep 50%,25% --length 4096"),
    ];

    protected override string Title => "LongBench";

    protected override EvalPlan Plan(ParseResult arguments, LanguageModel model)
    {
        int window = model.Model.Config.ContextLength, length = arguments.GetValue(_length);
        LongBenchOptions options = new()
        {
            Tasks = arguments.GetValue(_tasks) ?? [],
            LimitPerTask = arguments.GetValue(_limit),
            Length = length == 0 ? window : Math.Min(length, window),
        };
        return PlanOf(
            arguments, model, LongBenchFolder.Read(arguments.GetValue(_data)!, model.Tokenizer, options),
            ("--limit-per-task", options.LimitPerTask.ToString(CultureInfo.InvariantCulture)),
                ("--length", options.Length.ToString(CultureInfo.InvariantCulture)));
    }
}
