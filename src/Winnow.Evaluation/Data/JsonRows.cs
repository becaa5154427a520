using System.Text.Json;
using System.Text.Json.Nodes;

namespace Winnow.Evaluation;

/// <summary>Reads files of one JSON object a line and names the line that is wrong.</summary>
internal static class JsonRows
{
    /// <summary>Reads all rows; empty lines are passed over.</summary>
    /// <param name="path">The file.</param>
    /// <param name="parse">Makes a row of an object; told where it stands, for its errors.</param>
    /// <exception cref="WinnowException">The file cannot be read, has no rows, or a line is no JSON object.</exception>
    public static IReadOnlyList<T> Read<T>(string path, Func<JsonObject, string, T> parse)
    {
        List<T> rows = [];
        try
        {
            int number = 0;
            foreach (string line in File.ReadLines(path))
            {
                number++;
                string where = $"{path}, line {number}";
                if (!string.IsNullOrWhiteSpace(line))
                    rows.Add(parse(Object(line, where), where));
            }
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw new WinnowException($"{path}: the data cannot be read: {error.Message}", error);
        }

        return rows.Count > 0 ? rows : throw new WinnowException($"{path}: the file holds no rows; write one JSON object a line");
    }

    /// <summary>A text of a row.</summary>
    /// <exception cref="WinnowException">There is none of this name.</exception>
    public static string Text(JsonObject row, string key, string where) => row[key] is JsonValue value && value.TryGetValue(out string? text)
        ? text : throw new WinnowException($"{where}: the row has no text '{key}'");

    /// <summary>A text or a list of texts, none of them empty.</summary>
    /// <exception cref="WinnowException">It is neither, or an empty list.</exception>
    public static IReadOnlyList<string> Texts(JsonObject row, string key, string where)
    {
        JsonNode?[] nodes = row[key] is JsonArray array ? [.. array] : [row[key]];
        string[] texts = [.. nodes.Select(item => item is JsonValue value && value.TryGetValue(out string? text) && text.Length > 0
            ? text : throw new WinnowException($"{where}: '{key}' must be a text or a list of texts"))];
        return texts.Length > 0 ? texts : throw new WinnowException($"{where}: '{key}' is an empty list");
    }

    private static JsonObject Object(string line, string where)
    {
        try
        {
            return JsonNode.Parse(line) as JsonObject ?? throw new WinnowException($"{where}: this is no JSON object");
        }
        catch (JsonException error)
        {
            throw new WinnowException($"{where}: this is no JSON: {error.Message}", error);
        }
    }
}
