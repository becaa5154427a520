using System.Text.Json;

namespace Winnow.Models.Configuration;

/// <summary>
/// Settings from an object of <c>config.json</c>. Published files leave out what equals the family's default, so a missing name falls back to
/// <paramref name="defaults"/>; an explicit null means "none".
/// </summary>
internal sealed class JsonConfigSource(
    string path, string architecture, JsonElement settings, IReadOnlyDictionary<string, double> defaults)
    : ConfigSource(path, architecture)
{
    public override bool IsGguf => false;

    public override bool Has(ConfigKey key)
    {
        if (key.HuggingFace.Length == 0)
            return false;
        return settings.TryGetProperty(key.HuggingFace, out JsonElement value)
            ? value.ValueKind is not (JsonValueKind.Null or JsonValueKind.Undefined)
            : defaults.ContainsKey(key.HuggingFace);
    }

    public override string NameOf(ConfigKey key) => key.HuggingFace;

    /// <summary>A nested object, or null when there is none.</summary>
    public JsonConfigSource? Section(string name) =>
        settings.TryGetProperty(name, out JsonElement value) && value.ValueKind == JsonValueKind.Object
            ? new JsonConfigSource(Path, Architecture, value, new Dictionary<string, double>())
            : null;

    /// <summary>An array of numbers, or null when there is none.</summary>
    public double[]? Numbers(string name) => Items(name)?.Select(item => Number(name, item)).ToArray();

    /// <summary>An array of texts, or null when there is none.</summary>
    public string[]? Texts(string name) =>
        Items(name)?.Select(item => item.ValueKind == JsonValueKind.String ? item.GetString()! : throw WrongType(name, "texts")).ToArray();

    protected override long ReadInteger(ConfigKey key)
    {
        double value = ReadNumber(key);
        return double.IsInteger(value) && Math.Abs(value) < 1e15 ? (long)value : throw WrongType(key.HuggingFace, "an integer");
    }

    protected override double ReadNumber(ConfigKey key) =>
        settings.TryGetProperty(key.HuggingFace, out JsonElement value) ? Number(key.HuggingFace, value) : defaults[key.HuggingFace];

    protected override bool ReadBool(ConfigKey key)
    {
        if (!settings.TryGetProperty(key.HuggingFace, out JsonElement value))
            return defaults[key.HuggingFace] != 0;
        return value.ValueKind switch
        {
            JsonValueKind.True => true,
            JsonValueKind.False => false,
            _ => throw WrongType(key.HuggingFace, "true or false"),
        };
    }

    protected override string ReadText(ConfigKey key) =>
        settings.TryGetProperty(key.HuggingFace, out JsonElement value) && value.ValueKind == JsonValueKind.String
            ? value.GetString()!
            : throw WrongType(key.HuggingFace, "a text");

    private JsonElement.ArrayEnumerator? Items(string name) =>
        settings.TryGetProperty(name, out JsonElement value) && value.ValueKind == JsonValueKind.Array ? value.EnumerateArray() : null;

    private double Number(string name, JsonElement value) =>
        value.ValueKind == JsonValueKind.Number && value.TryGetDouble(out double number) ? number : throw WrongType(name, "a number");

    private WinnowException WrongType(string name, string wanted) =>
        Broken($"setting '{name}' of config.json does not hold {wanted}; download the file again");
}
