using System.Text;
using Winnow.Tokenization;

namespace Winnow.Decoding;

/// <summary>A prompt and which part of it is the question.</summary>
/// <param name="Tokens">Token ids.</param>
/// <param name="QuestionTokens">How many of the last are the question and all that follows it.</param>
/// <param name="FollowingTokens">How many of the last follow the question: the template's end and the beginning of the answer.</param>
public sealed record PromptTokens(int[] Tokens, int QuestionTokens, int FollowingTokens = 0);

/// <summary>Turns messages into the tokens that a model was trained on.</summary>
public sealed class PromptRenderer
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

    /// <summary>Tokens of one message: a document and a question after it, either of which may be missing.</summary>
    /// <param name="system">System message, where the model has a place for it.</param>
    /// <param name="document">Text before the question.</param>
    /// <param name="question">The question or instruction.</param>
    /// <param name="answerPrefix">Beginning of the answer, which the model continues.</param>
    public PromptTokens EncodePrompt(string? system, string? document, string? question, string answerPrefix = "") =>
        EncodeRendered(Render(Messages(system, Join(document, question))) + answerPrefix, question);

    /// <summary>Tokens of a rendered conversation, and where in them its last question begins.</summary>
    /// <param name="text">What <see cref="Render"/> gave.</param>
    /// <param name="question">The question as written in it.</param>
    public PromptTokens EncodeRendered(string text, string? question)
    {
        int[] tokens = Encode(text);
        // A template may trim the white space around a message.
        int at = string.IsNullOrWhiteSpace(question) ? -1 : text.LastIndexOf(question.Trim(), StringComparison.Ordinal);
        return at < 0 ? new PromptTokens(tokens, 0) : new PromptTokens(tokens, TokensFrom(at), TokensFrom(at + question!.Trim().Length));

        int TokensFrom(int index) => tokens.Length - TokensBefore(tokens, Encoding.UTF8.GetByteCount(text.AsSpan(0, index)));
    }

    /// <summary>A document and a question with an empty line between them; either may be missing.</summary>
    public static string Join(string? document, string? question) =>
        string.Join("\n\n", new[] { document?.TrimEnd('\r', '\n'), question }.Where(part => !string.IsNullOrEmpty(part)));

    private int TokensBefore(int[] tokens, int bytes)
    {
        int read = _tokenizer.StripsLeadingSpace ? -1 : 0, count = 0;
        // BOS that the tokenizer adds is not in the text.
        if (tokens.Length > 0 && tokens[0] == _tokenizer.BosId && _tokenizer.AddsBos)
            count++;
        for (; count < tokens.Length; count++)
        {
            int next = read + (_tokenizer.IsControl(tokens[count])
                ? Encoding.UTF8.GetByteCount(_tokenizer.TokenText(tokens[count])) : _tokenizer.TokenBytes(tokens[count]).Length);
            if (next > bytes)
                break;
            read = next;
        }

        return count;
    }

    /// <summary>The messages of a first turn.</summary>
    public static List<ChatMessage> Messages(string? system, string content) =>
        string.IsNullOrEmpty(system) ? [new ChatMessage("user", content)] : [new ChatMessage("system", system), new ChatMessage("user", content)];

    private string? TextOf(int? id) => id is int token ? _tokenizer.TokenText(token) : null;
}
