using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;
using Winnow.Cli.Commands;
using Winnow.Cli.Options;
using Winnow.Cli.Rendering;

namespace Winnow.Cli;

/// <summary>The whole program as a function: arguments in, exit code out. Tests call it with writers of their own.</summary>
internal static class CommandLine
{
    private const string ProgramName = "winnow";
    private const string DebugVariable = "WINNOW_DEBUG";

    /// <summary>Runs one command.</summary>
    public static int Run(IReadOnlyList<string> args, Terminal terminal)
    {
        try
        {
            return Invoke(args, terminal);
        }
        catch (OperationCanceledException error)
        {
            return Fail(terminal, error.Message.StartsWith("stopped", StringComparison.Ordinal) ? error.Message : "stopped", ExitCodes.Interrupted);
        }
        catch (Exception error) when (error is WinnowException or IOException or UnauthorizedAccessException)
        {
            return Fail(terminal, error.Message, ExitCodes.UserError, error);
        }
        catch (Exception error)
        {
            string hint = WantsStack(terminal) ? "" : $"; set {DebugVariable}=1 for the stack and report it";
            return Fail(terminal, $"this is a defect of winnow: {error.GetType().Name}: {error.Message}{hint}", ExitCodes.Defect, error);
        }
        finally
        {
            terminal.Out.Flush();
            terminal.Error.Flush();
        }
    }

    private static int Invoke(IReadOnlyList<string> args, Terminal terminal)
    {
        Command root = Build(args, terminal);
        // Texts may begin with '@', which must not be taken for a file of arguments.
        ParserConfiguration syntax = new() { ResponseFileTokenReplacer = null, EnablePosixBundling = false };
        ParseResult arguments = root.Parse(args.Count == 0 ? ["--help"] : args, syntax);
        if (arguments.Action is ParseErrorAction)
            throw new WinnowException(Describe(arguments));
        return arguments.Invoke(new InvocationConfiguration
        {
            Output = terminal.Out,
            Error = terminal.Error,
            EnableDefaultExceptionHandler = false,
            ProcessTerminationTimeout = null,
        });
    }

    private static Command Build(IReadOnlyList<string> args, Terminal terminal)
    {
        // No RootCommand: that would be called after the assembly, not after the program.
        Command root = new(ProgramName, "Winnow runs language models on the processor and keeps of their cache what matters.");
        (string Name, Func<Command> Create)[] commands = Commands(terminal, new CommonOptions());
        // Making the options of the commands that are not asked for would delay the first token.
        int chosen = Array.FindIndex(commands, each => args.Count > 0 && each.Name == args[0]);
        foreach ((string _, Func<Command> create) in chosen < 0 ? commands : commands[chosen..(chosen + 1)])
            root.Add(create());
        HelpOption help = new();
        help.Action = new HelpWithExamples((HelpAction)help.Action!);
        root.Add(help);
        root.Add(new VersionOption { Action = new ShowVersion() });
        return root;
    }

    private static (string Name, Func<Command> Create)[] Commands(Terminal terminal, CommonOptions common) =>
    [
        ("run", () => new RunCommand(terminal, common)),
        ("chat", () => new ChatCommand(terminal, common)),
        ("compare", () => new CompareCommand(terminal, common)),
        ("perplexity", () => new PerplexityCommand(terminal, common)),
        ("eval", () => new CommandGroup(
            "eval", "Measures quality under cache policies.", new EvalRulerCommand(terminal, common), new EvalNeedleCommand(terminal, common),
            new EvalLongBenchCommand(terminal, common), new EvalFileCommand(terminal, common), new EvalRetrievalCommand(terminal, common),
            new EvalAgreementCommand(terminal, common), new EvalNanoCommand(terminal, common))),
        ("calibrate", () => new CommandGroup(
            "calibrate", "Measures what a cache policy can be told about a model.", new CalibrateFourierCommand(terminal, common))),
        ("train", () => new CommandGroup("train", "Trains models.", new TrainNanoCommand(terminal, common))),
        ("bench", () => new BenchCommand(terminal, common)),
        ("tokenize", () => new TokenizeCommand(terminal, common)),
        ("inspect", () => new InspectCommand(terminal, common)),
        ("quantize", () => new QuantizeCommand(terminal, common)),
        ("pull", () => new PullCommand(terminal, common)),
        ("policies", () => new PoliciesCommand(terminal, common)),
    ];

    private static string Describe(ParseResult arguments)
    {
        Command command = arguments.CommandResult.Command;
        string path = command.Name;
        for (Command? group = command.Parents.OfType<Command>().FirstOrDefault(); group is not null; group = group.Parents.OfType<Command>().FirstOrDefault())
            path = $"{group.Name} {path}";
        string message = arguments.Errors.Count > 0 ? arguments.Errors[0].Message.TrimEnd('.') : "the command is incomplete";
        if (arguments.UnmatchedTokens is [string unmatched, ..])
            message = command.Name == ProgramName ? $"there is no command '{unmatched}'" : $"'{unmatched}' is not an option of '{path}'";
        return $"{message}; see '{path} --help'";
    }

    private static int Fail(Terminal terminal, string message, int code, Exception? error = null)
    {
        string line = string.Concat(message.Select(character => char.IsControl(character) ? ' ' : character));
        terminal.Error.WriteLine($"winnow: {line}");
        if (error is not null && WantsStack(terminal))
            terminal.Error.WriteLine(error);
        return code;
    }

    private static bool WantsStack(Terminal terminal) => terminal.Variable(DebugVariable) is not (null or "" or "0");

    /// <summary>Prints the version of this assembly: the library's own action would take that of whatever program hosts it.</summary>
    private sealed class ShowVersion : SynchronousCommandLineAction
    {
        public override bool Terminating => true;

        public override int Invoke(ParseResult parseResult)
        {
            Version version = typeof(CommandLine).Assembly.GetName().Version!;
            parseResult.InvocationConfiguration.Output.WriteLine(version.ToString(fieldCount: 3));
            return ExitCodes.Success;
        }
    }
}
