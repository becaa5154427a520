using System.CommandLine;
using Spectre.Console;
using Winnow.Cli.Options;
using Winnow.Cli.Output;
using Winnow.Cli.Rendering;
using Winnow.Formats;
using Winnow.Tokenization;

namespace Winnow.Cli.Commands;

/// <summary><c>winnow tokenize</c>: a text as the model reads it.</summary>
internal sealed class TokenizeCommand : WinnowCommand
{
    private readonly CommonOptions _common;
    private readonly Option<bool> _plain = Values.Switch("--plain", "takes control tokens such as <|im_start|> for text like any other");
    private readonly Option<bool> _noSpecial = Values.Switch("--no-special", "adds neither BOS nor EOS, whatever the model's rule");

    public TokenizeCommand(Terminal terminal, CommonOptions common)
        : base("tokenize", "Shows the tokens of a text.", terminal)
    {
        _common = common;
        AddAll(common.Model, common.Prompt, common.File, _plain, _noSpecial, common.Json);
    }

    public override IReadOnlyList<Example> Examples =>
    [
        new("ids and pieces of a text", "winnow tokenize --prompt \"Hello world\""),
        new("how many tokens a document has", "winnow tokenize --file report.txt --json | jq '.ids | length'"),
    ];

    protected override int Execute(ParseResult arguments)
    {
        string path = ModelOpener.Locate(arguments, _common, Terminal);
        using Checkpoint checkpoint = Checkpoint.Open(path);
        string text = PromptSource.ReadSingle(arguments, _common, Terminal);
        Tokenizer tokenizer = TokenizerFactory.FromCheckpoint(checkpoint);
        IReadOnlyList<int> ids = tokenizer.Encode(text, addSpecial: !arguments.GetValue(_noSpecial), parseSpecial: !arguments.GetValue(_plain));
        string[] pieces = [.. ids.Select(tokenizer.TokenText)];
        if (arguments.GetValue(_common.Json))
            JsonOutput.Write(Terminal, new TokenizeJson(ids, pieces), context => context.TokenizeJson);
        else
            Print(ids, pieces);
        return ExitCodes.Success;
    }

    private void Print(IReadOnlyList<int> ids, string[] pieces)
    {
        IAnsiConsole console = Terminal.OutConsole();
        foreach ((int id, string piece) in ids.Zip(pieces))
            console.MarkupLineInterpolated($"[dim]{id,8}[/]  {piece}");
        Terminal.Out.Flush();
        Terminal.Note($"{Figures.Whole(ids.Count)} tokens");
    }
}
