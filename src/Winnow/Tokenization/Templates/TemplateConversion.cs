using System.Collections;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Winnow.Tokenization.Templates;

/// <summary>What a caller passes as a variable, as a template value.</summary>
internal static class TemplateConversion
{
    private const int DepthLimit = 64;

    public static object? ToValue(string name, object? value, int depth = 0)
    {
        if (depth > DepthLimit)
            throw new WinnowException($"the template variable '{name}' is nested more than {DepthLimit} deep");
        return value switch
        {
            null or bool or long or double or string => value,
            int or short or byte or uint => Convert.ToInt64(value, System.Globalization.CultureInfo.InvariantCulture),
            float number => (double)number,
            JsonElement element => FromJson(name, element, depth),
            JsonNode node => FromJson(name, JsonElement.Parse(node.ToJsonString()), depth),
            ChatMessage message => FromMessage(message),
            IEnumerable<KeyValuePair<string, object?>> pairs => Map(pairs.Select(pair => (pair.Key, ToValue(name, pair.Value, depth + 1)))),
            IEnumerable items => items.Cast<object?>().Select(item => ToValue(name, item, depth + 1)).ToList(),
            _ => throw new WinnowException(
                $"the template variable '{name}' has the type {value.GetType().Name}; pass text, numbers, booleans, lists, dictionaries or JSON"),
        };
    }

    public static TemplateMap FromMessage(ChatMessage message) => new() { ["role"] = message.Role, ["content"] = message.Content };

    private static object? FromJson(string name, JsonElement element, int depth) => element.ValueKind switch
    {
        JsonValueKind.Object => Map(element.EnumerateObject().Select(pair => (pair.Name, ToValue(name, pair.Value, depth + 1)))),
        JsonValueKind.Array => element.EnumerateArray().Select(item => ToValue(name, item, depth + 1)).ToList(),
        JsonValueKind.String => element.GetString(),
        JsonValueKind.Number => element.TryGetInt64(out long whole) ? (object)whole : element.GetDouble(),
        JsonValueKind.True => true,
        JsonValueKind.False => false,
        _ => null,
    };

    private static TemplateMap Map(IEnumerable<(string Key, object? Value)> pairs)
    {
        var map = new TemplateMap();
        foreach ((string key, object? value) in pairs)
            map[key] = value;
        return map;
    }
}
