using Winnow.Caching;
using Winnow.Decoding;
using Winnow.Kernels.Attention;
using Winnow.Tokenization;

namespace Winnow.Cli.Generation;

/// <summary>
/// A conversation whose sequence lives from turn to turn: when the template's text of the longer conversation begins with what was read, only what is new is
/// read; otherwise all of it is read again.
/// </summary>
internal sealed class Conversation : IDisposable
{
    private readonly LanguageModel _model;
    private readonly ChosenPolicy _policy;
    private readonly EntryTypes _entries;
    private readonly GenerationOptions _generation;
    private readonly PromptRenderer _renderer;
    private readonly string? _system;
    private readonly string? _document;
    private readonly List<ChatMessage> _messages = [];
    private Sequence? _sequence;
    private string _read = "";
    private int? _pending;

    /// <summary>Begins a conversation.</summary>
    /// <param name="model">The model.</param>
    /// <param name="policy">What guides the cache.</param>
    /// <param name="entries">How keys and values are stored.</param>
    /// <param name="generation">How answers are generated.</param>
    /// <param name="system">System message, if any.</param>
    /// <param name="document">Text before the first message, if any.</param>
    public Conversation(LanguageModel model, ChosenPolicy policy, EntryTypes entries, GenerationOptions generation, string? system, string? document)
    {
        (_model, _policy, _entries, _generation, _system, _document) = (model, policy, entries, generation, system, document);
        _renderer = new PromptRenderer(model.Tokenizer, raw: false);
    }

    /// <summary>Name of the cache policy.</summary>
    public string Cache => _policy.Descriptor.Name;

    /// <summary>Answers the user's next message.</summary>
    /// <exception cref="WinnowException">The conversation has outgrown the model's window.</exception>
    /// <exception cref="OperationCanceledException">Ctrl-C came before the answer began; the message is forgotten.</exception>
    public Answer Ask(string message, Terminal terminal, Action<string>? write)
    {
        int before = _messages.Count;
        if (before == 0)
            _messages.AddRange(PromptRenderer.Messages(_system, PromptRenderer.Join(_document, message)));
        else
            _messages.Add(new ChatMessage("user", message));
        try
        {
            string text = _renderer.Render(_messages);
            Answer answer = Answer.Generate(_model, Ready(text, message, out PromptTokens tokens), tokens, _generation, terminal, write);
            Remember(text, answer);
            return answer;
        }
        catch
        {
            _messages.RemoveRange(before, _messages.Count - before);
            Release();
            throw;
        }
    }

    /// <summary>Forgets everything that was said.</summary>
    public void Clear()
    {
        _messages.Clear();
        Release();
    }

    /// <inheritdoc/>
    public void Dispose() => Release();

    /// <summary>A sequence at the place from which the conversation goes on, and the tokens that it still has to read.</summary>
    private Sequence Ready(string text, string message, out PromptTokens tokens)
    {
        if (_sequence is not null && text.StartsWith(_read, StringComparison.Ordinal) && text.Length > _read.Length)
        {
            int[] more = [.. _pending is int last ? [last] : Array.Empty<int>(), .. _renderer.EncodeMore(text[_read.Length..])];
            // The whole turn is the question: the document, if any, was read before.
            tokens = new PromptTokens(more, more.Length);
            return _sequence;
        }

        Release();
        tokens = _renderer.EncodeRendered(text, message);
        return _sequence = _model.CreateSequence(_policy, _entries);
    }

    private void Remember(string text, Answer answer)
    {
        _messages.Add(new ChatMessage(PromptRenderer.Assistant, answer.Text));
        _read = text + answer.Text;
        // The last token of an answer that was cut short has been drawn and not yet read.
        _pending = answer.Decoded < answer.Tokens.Count ? answer.Tokens[^1] : null;
    }

    private void Release()
    {
        _sequence?.Dispose();
        (_sequence, _read, _pending) = (null, "", null);
    }
}
