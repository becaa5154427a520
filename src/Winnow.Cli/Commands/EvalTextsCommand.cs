using System.CommandLine;
using Winnow.Cli.Options;
using Winnow.Evaluation;

namespace Winnow.Cli.Commands;

/// <summary>An evaluation over texts of our own making, which can be written to a file instead.</summary>
internal abstract class EvalTextsCommand : EvalRowsCommand
{
    private readonly Option<string?> _write = Values.Text("--write", "FILE.jsonl", "writes the texts and questions for 'winnow eval file', and answers none");

    /// <summary>Names the command.</summary>
    protected EvalTextsCommand(string name, string description, Terminal terminal, CommonOptions common)
        : base(name, description, terminal, common) => AddAll(common.Seed, _write);

    /// <summary>Makes the texts.</summary>
    protected abstract IReadOnlyList<DataRow> Rows(ParseResult arguments, LanguageModel model);

    /// <inheritdoc/>
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
}
