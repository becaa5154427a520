using Winnow.Caching;
using Winnow.Decoding;

namespace Winnow.Evaluation.Tests.Sweep;

internal static class SweepTestData
{
    public static DataRow Row(string task, string context, string question = "what?") =>
        new() { Task = task, Context = context, Question = question, AnswerPrefix = "it is", Answers = ["?"], MaxNewTokens = 6 };

    public static SweepOptions Options(params (string Policy, string Keep)[] entries) =>
        new() { Entries = [.. entries.Select(entry => new ComparisonEntry(entry.Policy, Budget.Parse(entry.Keep)))] };

    /// <summary>What the model writes with the full cache.</summary>
    public static string Output(LanguageModel model, DataRow row)
    {
        using Sequence sequence = model.CreateSequence();
        sequence.Prefill(QuestionWork.Encode(new PromptRenderer(model.Tokenizer, raw: false), row).Tokens);
        return string.Concat(TextGenerator.Generate(model, sequence, new GenerationOptions { MaxTokens = row.MaxNewTokens }).Select(token => token.Text));
    }
}
