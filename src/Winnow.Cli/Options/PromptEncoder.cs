using Winnow.Tokenization;

namespace Winnow.Cli.Options;

/// <summary>Turns what the user wrote into the tokens that the model reads first.</summary>
internal static class PromptEncoder
{
    /// <summary>Document and question as one user turn in the model's chat template; as they are without a template or when <paramref name="raw"/>.</summary>
    /// <exception cref="WinnowException">A system message was given where none can be put, or the template refuses the turn.</exception>
    public static int[] Encode(Tokenizer tokenizer, PromptText text, string? system, bool raw)
    {
        if (raw || tokenizer.ChatTemplate is null)
        {
            return string.IsNullOrEmpty(system)
                ? [.. tokenizer.Encode(text.Joined, addSpecial: true)]
                : throw new WinnowException("a system message needs a chat template, and " + (raw ? "--raw turns it off" : "this model has none") + "; put the text into the prompt");
        }

        List<ChatMessage> messages = [new("user", text.Joined)];
        if (!string.IsNullOrEmpty(system))
            messages.Insert(0, new ChatMessage("system", system));
        return [.. tokenizer.Encode(Render(tokenizer, messages))];
    }

    /// <summary>A conversation in the model's chat template, open for the assistant's next turn.</summary>
    public static string Render(Tokenizer tokenizer, IReadOnlyList<ChatMessage> messages) =>
        ChatTemplate.Parse(tokenizer.ChatTemplate!).Render(messages, addGenerationPrompt: true, TextOf(tokenizer, tokenizer.BosId), TextOf(tokenizer, tokenizer.EosId));

    private static string? TextOf(Tokenizer tokenizer, int? id) => id is int token ? tokenizer.TokenText(token) : null;
}
