using Winnow.Tokenization;

namespace Winnow.Cli.Generation;

/// <summary>Turns messages into the tokens that a model was trained on.</summary>
internal sealed class PromptRenderer
{
    /// <summary>Role of the model.</summary>
    public const string Assistant = "assistant";

    private readonly Tokenizer _tokenizer;
    private readonly ChatTemplate? _template;

    /// <summary>Reads the model's chat template.</summary>
    /// <param name="tokenizer">The model's tokenizer.</param>
    /// <param name="raw">Whether texts are sent as they are, template or not.</param>
    /// <exception cref="WinnowException">The template cannot be used.</exception>
    public PromptRenderer(Tokenizer tokenizer, bool raw)
    {
        _tokenizer = tokenizer;
        _template = raw || string.IsNullOrEmpty(tokenizer.ChatTemplate) ? null : ChatTemplate.Parse(tokenizer.ChatTemplate);
    }

    /// <summary>
    /// A conversation as text, ready for the model's next answer; without a template, messages with empty lines between them, each answer going on
    /// where its question ends.
    /// </summary>
    public string Render(IReadOnlyList<ChatMessage> messages) => _template is null
        ? string.Concat(messages.Select((message, i) => (i == 0 || message.Role == Assistant ? "" : "\n\n") + message.Content))
        : _template.Render(messages, addGenerationPrompt: true, TextOf(_tokenizer.BosId), TextOf(_tokenizer.EosId));

    /// <summary>
    /// Tokens of a text that begins a sequence: BOS by the model's rule, unless the template wrote it. EOS never: the answer is still to come.
    /// </summary>
    public int[] Encode(string text)
    {
        IReadOnlyList<int> ids = EncodeMore(text);
        return _tokenizer is { AddsBos: true, BosId: int bos } && (ids.Count == 0 || ids[0] != bos) ? [bos, .. ids] : [.. ids];
    }

    /// <summary>Tokens of a text that goes on.</summary>
    public int[] EncodeMore(string text) => [.. _tokenizer.Encode(text, addSpecial: false, parseSpecial: true)];

    /// <summary>Tokens of one message.</summary>
    /// <param name="system">System message, where the model has a place for it.</param>
    /// <param name="content">The message.</param>
    public int[] EncodeSingle(string? system, string content) => Encode(Render(Messages(system, content)));

    /// <summary>The messages of a first turn.</summary>
    public static List<ChatMessage> Messages(string? system, string content) =>
        string.IsNullOrEmpty(system) ? [new ChatMessage("user", content)] : [new ChatMessage("system", system), new ChatMessage("user", content)];

    private string? TextOf(int? id) => id is int token ? _tokenizer.TokenText(token) : null;
}
