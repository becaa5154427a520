using System.CommandLine;
using System.Globalization;
using Spectre.Console;
using Winnow.Caching.Spectral;
using Winnow.Cli.Options;
using Winnow.Cli.Output;
using Winnow.Cli.Rendering;

namespace Winnow.Cli.Commands;

/// <summary><c>winnow calibrate fourier</c>: which channels bear compression.</summary>
internal sealed class CalibrateFourierCommand : WinnowCommand
{
    private const string Published = "published";

    private readonly CommonOptions _common;
    private readonly Option<string[]> _files = new("--file")
    {
        Description = "text files, separated by commas; prompts are taken from them in turn", HelpName = "TEXT[,TEXT…]", Required = true,
    };

    private readonly Option<string> _output = new("--output") { Description = "file to write", HelpName = "FILE.json", Required = true };
    private readonly Option<int> _prompts = Values.Integer("--prompts", "N", "most prompts to read", 16, least: 1);
    private readonly Option<int> _length = Values.Integer("--length", "N", "tokens of a prompt", 1024, least: 16);
    private readonly Option<int> _frequencies = Values.Integer("--k", "N", "frequencies", 64, least: 1, most: 4096);
    private readonly Option<bool> _rotated = new("--rotated")
    {
        Description = "measures keys as the cache stores them; false for keys before the rotary embedding, as the paper's program does",
        DefaultValueFactory = _ => true,
    };

    private readonly Option<string> _quotas = new("--quotas")
    {
        Description = "shares of keys and values that the lists compress: published, or two numbers as in 0.8/0.9", HelpName = "published|K/V",
        DefaultValueFactory = _ => Published,
    };

    public CalibrateFourierCommand(Terminal terminal, CommonOptions common)
        : base("fourier", "Measures which channels of keys and values the fourier cache can compress, and writes a file for its option 'channels'.", terminal)
    {
        _common = common;
        AddAll(common.Model, _files, _output, _prompts, _length, _frequencies, _quotas, _rotated,
            common.Threads, common.Activations, common.FloatActivations, common.Json);
    }

    public override IReadOnlyList<Example> Examples =>
    [
        new("sixteen prompts from two texts", "winnow calibrate fourier --file book.txt,manual.txt --output channels.json"),
        new("use the file", "winnow compare --cache fourier:channels=channels.json --keep 50%"),
    ];

    protected override int Execute(ParseResult arguments)
    {
        string output = arguments.GetValue(_output)!;
        OutputFile.RequireFolder(output);
        ChannelCalibration options = new()
        {
            Frequencies = arguments.GetValue(_frequencies), Rotated = arguments.GetValue(_rotated), Quotas = ReadQuotas(arguments.GetValue(_quotas)!),
        };
        IEnumerable<string> files = arguments.GetValue(_files)!
            .SelectMany(text => text.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries));
        string[] texts = [.. files.Select(PromptSource.ReadFile)];
        using LanguageModel model = ModelOpener.Load(arguments, _common, Terminal);
        int length = arguments.GetValue(_length);
        IEnumerable<int[]> tokens = texts.Select(text => model.Tokenizer.Encode(text, addSpecial: false, parseSpecial: false).ToArray());
        List<int[]> prompts = Cut([.. tokens], length, arguments.GetValue(_prompts));
        if (prompts.Count == 0)
            throw new WinnowException($"no file has {length} tokens for a prompt; give longer texts or a smaller --length");
        ChannelTable table = Patience.Run(Terminal, "calibrating", meter => ChannelCalibrator.Run(
            model, prompts, options, new Reporter<int>(done => meter.Report(done, (long)length * prompts.Count)), Terminal.Interrupts.Token));
        table.Save(output);
        CalibrateFourierJson json = ToJson(table, output, prompts.Count, length);
        if (arguments.GetValue(_common.Json))
            JsonOutput.Write(Terminal, json, context => context.CalibrateFourierJson);
        else
            Print(json);
        return ExitCodes.Success;
    }

    private static Func<int, int, (double Keys, double Values)> ReadQuotas(string text)
    {
        if (text == Published)
            return ChannelQuotas.Published;
        return ChannelQuotas.TryParse(text, out double keys, out double values)
            ? (_, _) => (keys, values)
            : throw new WinnowException($"option --quotas is '{text}'; it must be published, or two shares from 0 to 1 such as 0.8/0.9");
    }

    /// <summary>Whole prompts, one from each text in turn.</summary>
    private static List<int[]> Cut(int[][] texts, int length, int most)
    {
        List<int[]> prompts = [];
        int longest = texts.Max(text => text.Length);
        for (int start = 0; start + length <= longest; start += length)
        {
            foreach (int[] text in texts.Where(text => text.Length >= start + length && prompts.Count < most))
                prompts.Add(text[start..(start + length)]);
        }

        return prompts;
    }

    private static CalibrateFourierJson ToJson(ChannelTable table, string output, int prompts, int length) => new()
    {
        Output = output,
        Prompts = prompts,
        Length = length,
        Frequencies = table.Frequencies,
        Rotated = table.Rotated,
        Channels = table.KvHeads * table.HeadDim,
        Layers = [.. Enumerable.Range(0, table.Layers).Select(layer => new CalibratedLayerJson(
            layer, table.Keys[layer].Compressed.Count(), table.Keys[layer].Kept.Count(), Mean(table.Keys[layer]),
            table.Values[layer].Compressed.Count(), table.Values[layer].Kept.Count(), Mean(table.Values[layer])))],
    };

    private static double Mean(ChannelSet set) =>
        Figures.Measured(set.Compressed.Select(channel => (double)set.Errors[channel]).DefaultIfEmpty().Average());

    private void Print(CalibrateFourierJson json)
    {
        IAnsiConsole console = Terminal.OutConsole();
        Table table = new Table().Border(TableBorder.Simple);
        foreach (string name in new[] { "layer", "keys compressed", "kept", "mean error", "values compressed", "kept", "mean error" })
            table.AddColumn(new TableColumn(name) { Alignment = Justify.Right });
        foreach (CalibratedLayerJson layer in json.Layers)
        {
            table.AddRow(
                Text(layer.Layer), Text(layer.KeysCompressed), Text(layer.KeysKept), Error(layer.KeysError),
                Text(layer.ValuesCompressed), Text(layer.ValuesKept), Error(layer.ValuesError));
        }

        console.Write(table);
        string length = Figures.Whole(json.Length);
        console.MarkupLineInterpolated(
            $"[dim]mean squared error of the compressed channels, {json.Frequencies} frequencies over {json.Prompts} prompts of {length} tokens[/]");
        Terminal.Error.WriteLine($"wrote {json.Output}");
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);

    private static string Error(double error) => error.ToString("0.####", CultureInfo.InvariantCulture);
}
