using System.CommandLine;

namespace Winnow.Cli.Commands;

/// <summary>A line that a reader can copy, and what it is good for.</summary>
internal sealed record Example(string Purpose, string Line);

/// <summary>A command of the program.</summary>
internal abstract class WinnowCommand : Command
{
    /// <summary>Names the command.</summary>
    protected WinnowCommand(string name, string description, Terminal terminal)
        : base(name, description)
    {
        Terminal = terminal;
        SetAction(Execute);
    }

    /// <summary>Examples for the help.</summary>
    public abstract IReadOnlyList<Example> Examples { get; }

    /// <summary>Where the command reads and writes.</summary>
    protected Terminal Terminal { get; }

    /// <summary>Does the work and returns the exit code.</summary>
    protected abstract int Execute(ParseResult arguments);

    /// <summary>Adds options in the order of the help.</summary>
    protected void AddAll(params ReadOnlySpan<Option> options)
    {
        foreach (Option option in options)
            Add(option);
    }
}
