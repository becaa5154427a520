using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;

namespace Winnow.Cli.Output;

/// <summary>Shapes that are written as JSON, compiled ahead.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, GenerationMode = JsonSourceGenerationMode.Metadata)]
[JsonSerializable(typeof(RunJson))]
[JsonSerializable(typeof(ChatJson))]
[JsonSerializable(typeof(TokenizeJson))]
[JsonSerializable(typeof(PullJson))]
[JsonSerializable(typeof(QuantizeJson))]
[JsonSerializable(typeof(TrainJson))]
[JsonSerializable(typeof(Winnow.Training.Nano.NanoScore[]))]
[JsonSerializable(typeof(InspectJson))]
[JsonSerializable(typeof(PerplexityJson))]
[JsonSerializable(typeof(CalibrateFourierJson))]
[JsonSerializable(typeof(CompareJson))]
[JsonSerializable(typeof(BenchJson))]
[JsonSerializable(typeof(BandwidthJson))]
[JsonSerializable(typeof(EvalJson))]
[JsonSerializable(typeof(EvalJson[]))]
[JsonSerializable(typeof(IReadOnlyList<PolicyJson>))]
internal sealed partial class JsonShapesContext : JsonSerializerContext;

/// <summary>Writes one JSON value, indented for a person and on one line for a program.</summary>
internal static class JsonOutput
{
    private static readonly JsonShapesContext _compact = Create(indented: false);
    private static readonly JsonShapesContext _indented = Create(indented: true);

    /// <summary>Writes the value to the results.</summary>
    public static void Write<T>(Terminal terminal, T value, Func<JsonShapesContext, JsonTypeInfo<T>> shape)
    {
        terminal.Out.WriteLine(Serialize(value, shape, terminal.OutIsTerminal));
        terminal.Out.Flush();
    }

    /// <summary>Writes the value to a file, indented.</summary>
    public static void Save<T>(string path, T value, Func<JsonShapesContext, JsonTypeInfo<T>> shape) =>
        File.WriteAllText(path, Serialize(value, shape, indented: true) + "\n");

    private static string Serialize<T>(T value, Func<JsonShapesContext, JsonTypeInfo<T>> shape, bool indented) =>
        JsonSerializer.Serialize(value, shape(indented ? _indented : _compact));

    private static JsonShapesContext Create(bool indented) => new(new JsonSerializerOptions
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        WriteIndented = indented,
        // Answers in any script stay readable; the output is no web page.
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    });
}
