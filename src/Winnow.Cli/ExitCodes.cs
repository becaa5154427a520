namespace Winnow.Cli;

/// <summary>What the process answers its caller.</summary>
internal static class ExitCodes
{
    /// <summary>Done.</summary>
    public const int Success = 0;

    /// <summary>A defect of the program.</summary>
    public const int Defect = 1;

    /// <summary>Something that the user can mend: a broken file, an unknown option, a value that cannot work.</summary>
    public const int UserError = 2;

    /// <summary>Stopped by Ctrl-C: 128 and the number of SIGINT, as shells have it.</summary>
    public const int Interrupted = 130;
}
