using System.Runtime.CompilerServices;

namespace Winnow.Cli;

/// <summary>
/// Has the code of a model's passes compiled on a second processor while the first reads the command line, the weights and the vocabulary: compiling is most of
/// the time to the first token of a small model.
/// </summary>
internal static class CompileAhead
{
    /// <summary>Commands whose first token a person waits for.</summary>
    private static readonly string[] s_commands = ["run", "chat"];

    /// <summary>Starts a thread, for which the program does not wait.</summary>
    /// <returns>The thread; null where it would not serve: native code, one processor, another command.</returns>
    public static Thread? Start(string[] args)
    {
        if (args.Length == 0 || Array.IndexOf(s_commands, args[0]) < 0 || !RuntimeFeature.IsDynamicCodeCompiled || Environment.ProcessorCount == 1)
            return null;
        Thread thread = new(Run) { IsBackground = true, Name = "Winnow compiles ahead" };
        thread.Start();
        return thread;
    }

    private static void Run()
    {
        try
        {
            WarmUp.Run(NanoModelFile.Path);
        }
        catch (Exception error) when (error is WinnowException or IOException or UnauthorizedAccessException)
        {
            // Without it the answer only comes later.
        }
    }
}
