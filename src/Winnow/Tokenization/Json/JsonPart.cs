using System.Text.Json;

namespace Winnow.Tokenization.Json;

/// <summary>A value in a JSON file that knows where it stands, so that errors can say it.</summary>
internal readonly record struct JsonPart(JsonElement Element, string Path)
{
    /// <summary>A property, or null where it is missing or null.</summary>
    public JsonPart? Get(string name)
    {
        if (Element.ValueKind != JsonValueKind.Object)
            throw Error("is not an object");
        return Element.TryGetProperty(name, out JsonElement value) && value.ValueKind != JsonValueKind.Null
            ? new JsonPart(value, $"{Path}.{name}")
            : null;
    }

    public JsonPart Require(string name) => Get(name) ?? throw Error($"lacks '{name}'");

    public string Type => Require("type").Text();

    public string Text()
    {
        if (Element.ValueKind != JsonValueKind.String)
            throw Error("is not a string");
        try
        {
            return Element.GetString()!;
        }
        catch (InvalidOperationException error)
        {
            throw new WinnowException(Error("is a string with half a surrogate pair").Message, error);
        }
    }

    public int Whole() => Element.ValueKind == JsonValueKind.Number && Element.TryGetInt32(out int value) ? value : throw Error("is not a whole number");

    public float Number() => Element.ValueKind == JsonValueKind.Number && Element.TryGetSingle(out float value) ? value : throw Error("is not a number");

    public bool Flag() => Element.ValueKind switch
    {
        JsonValueKind.True => true,
        JsonValueKind.False => false,
        _ => throw Error("is neither true nor false"),
    };

    public bool Flag(string name, bool fallback) => Get(name)?.Flag() ?? fallback;

    public IEnumerable<JsonPart> Items()
    {
        if (Element.ValueKind != JsonValueKind.Array)
            throw Error("is not a list");
        string path = Path;
        return Element.EnumerateArray().Select((item, index) => new JsonPart(item, $"{path}[{index}]"));
    }

    /// <summary>The parts of a "Sequence" one by one, of anything else just that.</summary>
    public IEnumerable<JsonPart> Flattened(string listName)
    {
        if (Type != "Sequence")
            return [this];
        return Require(listName).Items().SelectMany(item => item.Flattened(listName));
    }

    public WinnowException Error(string sentence) => new($"{Path} {sentence}");

    public WinnowException Unsupported(string what) => Error($"has the {what} '{Type}', which is not supported");
}
