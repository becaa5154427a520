using System.CommandLine;

namespace Winnow.Cli.Commands;

/// <summary>Commands that belong together under one name, such as <c>winnow eval file</c> and <c>winnow eval retrieval</c>.</summary>
internal sealed class CommandGroup : Command
{
    /// <summary>Gathers the commands.</summary>
    public CommandGroup(string name, string description, params ReadOnlySpan<WinnowCommand> commands)
        : base(name, description)
    {
        foreach (WinnowCommand command in commands)
            Add(command);
    }
}
