using System.Text;
using Winnow.Decoding;

namespace Winnow.Training.Nano;

/// <summary>How often a model answered right in one cell of the table.</summary>
/// <param name="Task">Name of the task.</param>
/// <param name="Tokens">Tokens of document, question and answer, at most.</param>
/// <param name="Right">Right answers.</param>
/// <param name="Samples">Questions asked.</param>
public sealed record NanoScore(string Task, int Tokens, int Right, int Samples);

/// <summary>Asks a model questions of the nano language through the engine: full cache, the likeliest token each time.</summary>
public static class NanoEvaluator
{
    private const int AnswerTokens = 160;

    // Far from the seeds of training, which are drawn by step.
    private const int FirstSeed = 1_000_000;

    /// <summary>Measures one cell. An answer is right when its text is the expected one to the letter.</summary>
    /// <param name="model">Any model; one that was not trained on this language will hardly score.</param>
    /// <param name="task">One of <see cref="NanoTasks.Names"/>.</param>
    /// <param name="tokens">Tokens of a sample, by the nano vocabulary.</param>
    /// <param name="samples">How many.</param>
    /// <param name="plain">
    /// Plain text that goes as far as the answer's lead, such as <c>The secret code of lamp is</c>; otherwise a turn of a conversation, which ends with the question.
    /// </param>
    /// <param name="cancellation">Stops between samples.</param>
    public static NanoScore Run(LanguageModel model, string task, int tokens, int samples, bool plain, CancellationToken cancellation = default)
    {
        int right = 0;
        PromptRenderer renderer = new(model.Tokenizer, raw: plain);
        for (int i = 0; i < samples; i++)
        {
            cancellation.ThrowIfCancellationRequested();
            NanoSample sample = NanoTasks.Create(task, tokens, FirstSeed + i);
            int[] prompt = plain
                ? renderer.Encode(sample.Prompt(withLead: true))
                : renderer.EncodePrompt(system: null, sample.Document, sample.Question).Tokens;
            string expected = plain ? sample.Answer : sample.FullAnswer;
            string answer = Answer(model, prompt).TrimStart();
            if (plain ? answer.StartsWith(expected, StringComparison.Ordinal) : answer.TrimEnd() == expected)
                right++;
        }

        return new NanoScore(task, tokens, right, samples);
    }

    private static string Answer(LanguageModel model, int[] prompt)
    {
        using Sequence sequence = model.CreateSequence();
        sequence.Prefill(prompt);
        StringBuilder text = new();
        foreach (GeneratedToken token in TextGenerator.Generate(model, sequence, new GenerationOptions { MaxTokens = AnswerTokens }))
        {
            text.Append(token.Text);
            // A model that does not stop by itself has said enough by then.
            if (text.Length > 2 * AnswerTokens * 4)
                break;
        }

        return text.ToString();
    }
}
