using System.Text.Json;

namespace Winnow.Tokenization.Json;

/// <summary>What stands beside <c>tokenizer.json</c>: names of special tokens, rules and the chat template.</summary>
internal sealed class JsonSettings
{
    private readonly JsonPart? _config;
    private readonly JsonPart? _map;

    private JsonSettings(JsonPart? config, JsonPart? map, string? chatTemplate)
    {
        _config = config;
        _map = map;
        ChatTemplate = chatTemplate;
    }

    public string? ChatTemplate { get; }

    public bool? AddBos => _config?.Get("add_bos_token")?.Flag();

    public bool? AddEos => _config?.Get("add_eos_token")?.Flag();

    public static JsonSettings Read(string directory)
    {
        JsonPart? config = TokenizerJson.ReadFile(Path.Combine(directory, "tokenizer_config.json"), required: false);
        JsonPart? map = TokenizerJson.ReadFile(Path.Combine(directory, "special_tokens_map.json"), required: false);
        string template = Path.Combine(directory, "chat_template.jinja");
        return new JsonSettings(config, map, File.Exists(template) ? File.ReadAllText(template) : config is null ? null : Template(config.Value));
    }

    /// <summary>The text of a special token such as <c>bos_token</c>, or null.</summary>
    public string? Token(string name) => Name(_config?.Get(name)) ?? Name(_map?.Get(name));

    private static string? Name(JsonPart? part) => part switch
    {
        null => null,
        { Element.ValueKind: JsonValueKind.Object } token => token.Require("content").Text(),
        { } text => text.Text(),
    };

    private static string? Template(JsonPart config)
    {
        if (config.Get("chat_template") is not { } part)
            return null;
        if (part.Element.ValueKind == JsonValueKind.String)
            return part.Text();
        // Several templates by name: "default" is the one for conversations.
        List<JsonPart> named = [.. part.Items()];
        return named.Where(one => one.Require("name").Text() == "default").Concat(named).Select(one => one.Require("template").Text()).FirstOrDefault();
    }
}
