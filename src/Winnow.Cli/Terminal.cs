using System.Text;
using Spectre.Console;
using Winnow.Formats.Hub;

namespace Winnow.Cli;

/// <summary>Where a command reads and writes, and what it may assume of the reader: a person at a terminal, or a file or program.</summary>
internal sealed class Terminal
{
    /// <summary>Columns of a table that goes to a file: wide enough that figures stay on one line.</summary>
    private const int WidthOfFiles = 160;

    /// <summary>Results.</summary>
    public required TextWriter Out { get; init; }

    /// <summary>Progress, statistics and errors.</summary>
    public required TextWriter Error { get; init; }

    /// <summary>Standard input.</summary>
    public required TextReader In { get; init; }

    /// <summary>Whether a person reads the results as they come.</summary>
    public bool OutIsTerminal { get; init; }

    /// <summary>Whether a person sees progress.</summary>
    public bool ErrorIsTerminal { get; init; }

    /// <summary>Whether a person types.</summary>
    public bool InIsTerminal { get; init; } = true;

    /// <summary>An environment variable's value.</summary>
    public Func<string, string?> Variable { get; init; } = _ => null;

    /// <summary>Where models are pulled from.</summary>
    public HubOptions? Hub { get; init; }

    /// <summary>Ctrl-C.</summary>
    public required Interrupts Interrupts { get; init; }

    /// <summary>The process's own streams.</summary>
    public static Terminal OfProcess(Interrupts interrupts)
    {
        if (OperatingSystem.IsWindows())
            Console.OutputEncoding = Encoding.UTF8;
        UTF8Encoding utf8 = new(encoderShouldEmitUTF8Identifier: false);
        return new Terminal
        {
            Out = new StreamWriter(Console.OpenStandardOutput(), utf8) { AutoFlush = false },
            Error = new StreamWriter(Console.OpenStandardError(), utf8) { AutoFlush = true },
            In = new LazyReader(() => new StreamReader(Console.OpenStandardInput(), utf8)),
            OutIsTerminal = !Console.IsOutputRedirected,
            ErrorIsTerminal = !Console.IsErrorRedirected,
            InIsTerminal = !Console.IsInputRedirected,
            Variable = Environment.GetEnvironmentVariable,
            Interrupts = interrupts,
        };
    }

    /// <summary>A console on the results, with colours only when a person reads them.</summary>
    public IAnsiConsole OutConsole() => Create(Out, OutIsTerminal);

    /// <summary>A console on the error stream, with colours only when a person reads it.</summary>
    public IAnsiConsole ErrorConsole() => Create(Error, ErrorIsTerminal);

    /// <summary>Writes a line about the work to the error stream, dim where a person reads it.</summary>
    public void Note(string text)
    {
        // Compiling Spectre.Console takes an eighth of the time to the first token; a program that reads the line has no use for colours.
        if (ErrorIsTerminal)
            ErrorConsole().MarkupLineInterpolated($"[dim]{text}[/]");
        else
            Error.WriteLine(text);
    }

    private IAnsiConsole Create(TextWriter writer, bool person)
    {
        bool colours = person && string.IsNullOrEmpty(Variable("NO_COLOR")) && Variable("TERM") != "dumb";
        IAnsiConsole console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Out = new AnsiConsoleOutput(writer),
            Ansi = person && Variable("TERM") != "dumb" ? AnsiSupport.Detect : AnsiSupport.No,
            ColorSystem = colours ? ColorSystemSupport.Detect : ColorSystemSupport.NoColors,
            Interactive = person ? InteractionSupport.Yes : InteractionSupport.No,
        });
        console.Profile.Capabilities.Unicode = true;
        console.Profile.Width = person ? Math.Max(40, ColumnsOfWindow()) : WidthOfFiles;
        return console;
    }

    private static int ColumnsOfWindow()
    {
        try
        {
            return Console.WindowWidth is > 0 and int width ? width : WidthOfFiles;
        }
        catch (IOException)
        {
            return WidthOfFiles;
        }
    }

    /// <summary>Opens standard input when something is read from it: most commands never do.</summary>
    private sealed class LazyReader(Func<TextReader> open) : TextReader
    {
        private readonly Lazy<TextReader> _reader = new(open);

        public override int Peek() => _reader.Value.Peek();

        public override int Read() => _reader.Value.Read();

        public override int Read(char[] buffer, int index, int count) => _reader.Value.Read(buffer, index, count);

        public override string ReadToEnd() => _reader.Value.ReadToEnd();

        public override string? ReadLine() => _reader.Value.ReadLine();
    }
}
