using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;
using Winnow.Cli.Commands;

namespace Winnow.Cli.Rendering;

/// <summary>The library's help, followed by examples of the command.</summary>
internal sealed class HelpWithExamples(HelpAction help) : SynchronousCommandLineAction
{
    /// <inheritdoc/>
    public override bool ClearsParseErrors => true;

    /// <inheritdoc/>
    public override int Invoke(ParseResult parseResult)
    {
        int code = help.Invoke(parseResult);
        IReadOnlyList<Example> examples = parseResult.CommandResult.Command is WinnowCommand command ? command.Examples : OfAll;
        TextWriter writer = parseResult.InvocationConfiguration.Output;
        writer.WriteLine("Examples:");
        foreach (Example example in examples)
        {
            writer.WriteLine($"  # {example.Purpose}");
            writer.WriteLine($"  {example.Line}");
        }

        writer.WriteLine();
        return code;
    }

    private static IReadOnlyList<Example> OfAll =>
    [
        new("fetch a small model and name it once", "winnow pull bartowski/SmolLM2-135M-Instruct-GGUF:Q4_K_M"),
        new("compare all cache policies on a document of your own", "winnow compare --file report.txt --prompt \"What was decided?\""),
        new("answer over a long text with a quarter of the cache", "winnow run --file report.txt --prompt \"What was decided?\" --cache sage-kv --keep 25%"),
    ];
}
