using System.Text.Json;
using Winnow.Formats.Hub;

namespace Winnow.Cli.Tests;

/// <summary>Runs commands in this process, with writers in place of a terminal.</summary>
internal static class Cli
{
    /// <summary>Runs a command; without input, standard input is a keyboard at which nobody types.</summary>
    public static Outcome Run(params string[] args) => Run(new Surroundings(), args);

    public static Outcome Run(Surroundings surroundings, params string[] args)
    {
        using Interrupts interrupts = new();
        using StringWriter error = new();
        using StoppingWriter output = new(interrupts, surroundings.StopAfterWrites);
        int code = CommandLine.Run(args, new Terminal
        {
            Out = output,
            Error = error,
            In = new StringReader(surroundings.Input ?? ""),
            InIsTerminal = surroundings.Input is null,
            Variable = name => surroundings.Variables.GetValueOrDefault(name),
            Hub = surroundings.Hub,
            Interrupts = interrupts,
        });
        return new Outcome(code, output.ToString(), error.ToString());
    }

    internal sealed record Surroundings(string? Input = null, int StopAfterWrites = int.MaxValue, HubOptions? Hub = null)
    {
        public Dictionary<string, string> Variables { get; init; } = [];
    }

    internal sealed record Outcome(int Code, string Out, string Error)
    {
        /// <summary>The one JSON value of a command that succeeded.</summary>
        public JsonElement Json()
        {
            Assert.Equal("", Error);
            Assert.Equal(0, Code);
            return Parse();
        }

        public JsonElement Parse()
        {
            using JsonDocument document = JsonDocument.Parse(Out);
            return document.RootElement.Clone();
        }

        /// <summary>The sentence of a command that refused: one line, nothing on standard output.</summary>
        public string Refusal()
        {
            Assert.Equal(2, Code);
            Assert.Equal("", Out);
            string line = Assert.Single(Error.Split('\n', StringSplitOptions.RemoveEmptyEntries));
            Assert.StartsWith("winnow: ", line, StringComparison.Ordinal);
            return line["winnow: ".Length..];
        }
    }

    /// <summary>Presses Ctrl-C after some pieces of text.</summary>
    private sealed class StoppingWriter(Interrupts interrupts, int after) : StringWriter
    {
        private int _writes;

        public override void Write(string? value)
        {
            base.Write(value);
            if (++_writes == after)
                interrupts.Raise();
        }
    }
}
