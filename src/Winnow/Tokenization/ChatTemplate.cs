using Winnow.Tokenization.Templates;

namespace Winnow.Tokenization;

/// <summary>One turn of a conversation.</summary>
/// <param name="Role">Who speaks: <c>system</c>, <c>user</c>, <c>assistant</c>, or what else the model knows.</param>
/// <param name="Content">What is said.</param>
public sealed record ChatMessage(string Role, string Content);

/// <summary>
/// Turns a conversation into the text a model was trained on. Templates are Jinja; the part of it that models' templates use is interpreted here,
/// with the white-space rules of Hugging Face (<c>trim_blocks</c>, <c>lstrip_blocks</c>). Steps, text and nesting are limited, so a hostile template
/// ends in an error. Safe for concurrent use.
/// </summary>
public sealed class ChatTemplate
{
    private readonly Statement _body;
    private readonly TimeProvider _clock;

    private ChatTemplate(Statement body, TimeProvider clock)
    {
        _body = body;
        _clock = clock;
    }

    /// <summary>Parses a template.</summary>
    /// <param name="jinja">The template's source.</param>
    /// <param name="clock">What <c>strftime_now</c> reads; the system's clock when null.</param>
    /// <exception cref="WinnowException">The template is malformed or uses what is not supported; the message names the line.</exception>
    public static ChatTemplate Parse(string jinja, TimeProvider? clock = null) => new(TemplateParser.Parse(jinja), clock ?? TimeProvider.System);

    /// <summary>Renders a conversation.</summary>
    /// <param name="messages">The turns in order.</param>
    /// <param name="addGenerationPrompt">Ends with the opening of the assistant's next turn.</param>
    /// <param name="bosToken">Text of the model's BOS token, for templates that write it themselves.</param>
    /// <param name="eosToken">Text of the model's EOS token.</param>
    /// <param name="variables">
    /// More variables, such as <c>tools</c> or <c>enable_thinking</c>: text, numbers, booleans, lists, dictionaries by string, or JSON. A variable
    /// <c>messages</c> replaces <paramref name="messages"/>, for turns that carry more than a role and text.
    /// </param>
    /// <exception cref="WinnowException">The template refuses the conversation, fails, or exceeds its limits; the message names the line.</exception>
    public string Render(
        IReadOnlyList<ChatMessage> messages,
        bool addGenerationPrompt,
        string? bosToken = null,
        string? eosToken = null,
        IReadOnlyDictionary<string, object?>? variables = null)
    {
        TemplateScope scope = new(TemplateGlobals.Create(_clock));
        scope.Set("messages", messages.Select(message => (object?)TemplateConversion.FromMessage(message)).ToList());
        scope.Set("add_generation_prompt", addGenerationPrompt);
        scope.Set("bos_token", bosToken ?? "");
        scope.Set("eos_token", eosToken ?? "");
        foreach ((string name, object? value) in variables ?? new Dictionary<string, object?>())
            scope.Set(name, TemplateConversion.ToValue(name, value));
        var context = new TemplateContext(scope);
        _body.Execute(context);
        return context.Output;
    }
}
