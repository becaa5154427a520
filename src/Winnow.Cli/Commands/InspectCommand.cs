using System.CommandLine;
using Winnow.Cli.Inspection;
using Winnow.Cli.Options;
using Winnow.Cli.Output;
using Winnow.Cli.Rendering;
using Winnow.Formats;

namespace Winnow.Cli.Commands;

/// <summary><c>winnow inspect</c>: what a model file holds.</summary>
internal sealed class InspectCommand : WinnowCommand
{
    private readonly CommonOptions _common;
    private readonly Argument<string?> _model = new("MODEL") { Description = "file, folder or name; the same as --model", Arity = ArgumentArity.ZeroOrOne };
    private readonly Option<bool> _tensors = Values.Switch("--tensors", "lists every tensor");
    private readonly Option<bool> _metadata = Values.Switch("--metadata", "lists every metadata key");

    public InspectCommand(Terminal terminal, CommonOptions common)
        : base("inspect", "Shows what a model file holds: sizes, tensors, tokenizer.", terminal)
    {
        _common = common;
        Add(_model);
        AddAll(common.Model, _tensors, _metadata, common.Json);
    }

    public override IReadOnlyList<Example> Examples =>
    [
        new("the essentials", "winnow inspect model.gguf"),
        new("every tensor and key", "winnow inspect model.gguf --tensors --metadata"),
        new("the architecture, for a script", "winnow inspect model.gguf --json | jq -r .architecture"),
    ];

    protected override int Execute(ParseResult arguments)
    {
        string path = ModelOpener.Locate(arguments, _common, Terminal, arguments.GetValue(_model));
        using Checkpoint checkpoint = Checkpoint.Open(path);
        InspectJson found = CheckpointInspector.Inspect(checkpoint, arguments.GetValue(_tensors), arguments.GetValue(_metadata));
        if (arguments.GetValue(_common.Json))
            JsonOutput.Write(Terminal, found, context => context.InspectJson);
        else
            InspectionView.Print(Terminal.OutConsole(), found);
        return ExitCodes.Success;
    }
}
