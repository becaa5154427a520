using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Winnow.Caching.Gates;

/// <summary>
/// One number from 0 to 1 for each KV head of a model: how much the head needs the whole text. Stored as text, a line for each layer and a tab between heads,
/// which is also how DuoAttention and RLKV publish theirs.
/// </summary>
public sealed class GateTable
{
    private const long MostBytes = 16 << 20;
    private const string FolderTable = "full_attention_heads.tsv";
    private readonly float[] _gates;

    /// <summary>Takes the gates of a model; numbers outside 0 to 1, which training may leave behind, are clipped.</summary>
    /// <param name="gates">[layers × kvHeads].</param>
    /// <param name="kvHeads">KV heads of a layer.</param>
    /// <exception cref="ArgumentException">The gates do not fill whole layers.</exception>
    public GateTable(ReadOnlySpan<float> gates, int kvHeads)
    {
        if (kvHeads < 1 || gates.IsEmpty || gates.Length % kvHeads != 0)
            throw new ArgumentException($"{gates.Length} gates are no whole layers of {kvHeads} heads", nameof(gates));
        KvHeads = kvHeads;
        _gates = new float[gates.Length];
        for (int i = 0; i < gates.Length; i++)
            _gates[i] = Math.Clamp(gates[i], 0, 1);
    }

    /// <summary>Layers.</summary>
    public int Layers => _gates.Length / KvHeads;

    /// <summary>KV heads of a layer.</summary>
    public int KvHeads { get; }

    /// <summary>First tokens that the other heads kept in training; null when the file does not say.</summary>
    public int? Sink { get; init; }

    /// <summary>Newest tokens that the other heads kept in training; null when the file does not say.</summary>
    public int? Recent { get; init; }

    /// <summary>The gates, [layers × kvHeads].</summary>
    public ReadOnlySpan<float> Gates => _gates;

    /// <summary>The gate of a head.</summary>
    public float this[int layer, int kvHead] => _gates[layer * KvHeads + kvHead];

    /// <summary>
    /// Reads a table, or a folder with <c>full_attention_heads.tsv</c> and <c>config.json</c> (<c>sink_size</c>, <c>recent_size</c>) as DuoAttention publishes
    /// it.
    /// </summary>
    /// <exception cref="WinnowException">The file cannot be read, is too large, or is no table of numbers.</exception>
    public static GateTable Load(string path)
    {
        bool folder = Directory.Exists(path);
        string table = folder ? Path.Combine(path, FolderTable) : path;
        string[] lines = Text(table).Split('\n');
        List<float> gates = [];
        int heads = 0;
        for (int line = 0; line < lines.Length; line++)
        {
            string[] cells = lines[line].Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
            if (cells.Length == 0)
                continue;
            heads = heads == 0 ? cells.Length : heads;
            if (cells.Length != heads)
                throw new WinnowException($"{table}: line {line + 1} has {cells.Length} gates and the first {heads}; each layer needs one for every KV head");
            foreach (string cell in cells)
                gates.Add(Number(table, line + 1, cell));
        }

        if (gates.Count == 0)
            throw new WinnowException($"{table}: there are no gates; write a line for each layer with a number for each KV head");
        (int? sink, int? recent) = folder ? Sizes(Path.Combine(path, "config.json")) : (null, null);
        return new GateTable(gates.ToArray(), heads) { Sink = sink, Recent = recent };
    }

    /// <summary>Writes the table as text.</summary>
    /// <exception cref="WinnowException">The file cannot be written.</exception>
    public void Save(string path)
    {
        StringBuilder text = new();
        for (int i = 0; i < _gates.Length; i++)
            text.Append(_gates[i].ToString("R", CultureInfo.InvariantCulture)).Append((i + 1) % KvHeads == 0 ? '\n' : '\t');
        try
        {
            File.WriteAllText(path, text.ToString());
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw new WinnowException($"{path}: the gates cannot be written: {error.Message}", error);
        }
    }

    private static string Text(string path)
    {
        try
        {
            return new FileInfo(path).Length <= MostBytes
                ? File.ReadAllText(path)
                : throw new WinnowException($"{path}: a gate table of more than {MostBytes >> 20} MiB is none; give a text file with a line for each layer");
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw new WinnowException($"{path}: the gates cannot be read: {error.Message}", error);
        }
    }

    private static float Number(string path, int line, string cell) =>
        float.TryParse(cell, NumberStyles.Float, CultureInfo.InvariantCulture, out float gate) && float.IsFinite(gate)
            ? gate
            : throw new WinnowException($"{path}: '{cell}' in line {line} is no number; gates are numbers from 0 to 1");

    private static (int? Sink, int? Recent) Sizes(string path)
    {
        if (!File.Exists(path))
            return (null, null);
        try
        {
            using JsonDocument config = JsonDocument.Parse(Text(path));
            return (Size(path, config.RootElement, "sink_size", 0), Size(path, config.RootElement, "recent_size", 1));
        }
        catch (JsonException error)
        {
            throw new WinnowException($"{path}: this is no JSON: {error.Message}", error);
        }
    }

    private static int? Size(string path, JsonElement config, string name, int least)
    {
        if (config.ValueKind != JsonValueKind.Object || !config.TryGetProperty(name, out JsonElement value))
            return null;
        return value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out int size) && size >= least
            ? size
            : throw new WinnowException($"{path}: '{name}' is {value.GetRawText()}; it must be a whole number of {least} or more");
    }
}
