using System.Text;
using Winnow.Caching;
using Winnow.Decoding;

namespace Winnow.Evaluation;

/// <summary>Answers rows of questions over texts under cache policies and counts right answers.</summary>
public static class DataEvaluator
{
    /// <summary>Runs every policy over every row; the likeliest token is always taken.</summary>
    /// <param name="model">The model, whose chat template goes around context and question.</param>
    /// <param name="rows">What to answer.</param>
    /// <param name="options">Policies, budgets and what they see.</param>
    /// <param name="progress">Told the rows answered by each policy.</param>
    /// <param name="cancellation">Ends the run between two tokens.</param>
    /// <returns>Results as they come, one for each policy; a cancelled run ends with the last complete one.</returns>
    /// <exception cref="WinnowException">A policy is unknown or cannot work with the model, or a text outgrows the model's window.</exception>
    public static IEnumerable<DataResult> Run(
        LanguageModel model, IReadOnlyList<DataRow> rows, DataOptions options, IProgress<EvaluationProgress>? progress = null, CancellationToken cancellation = default)
    {
        PromptRenderer renderer = new(model.Tokenizer, raw: false);
        PromptTokens[] prompts = [.. rows.Select(row => renderer.EncodePrompt(null, row.Context, row.Question, row.AnswerPrefix))];
        ChosenPolicy[] policies = [.. options.Entries.Select(entry => entry.Parse())];
        foreach (ChosenPolicy policy in policies)
            model.CreateSequence(policy, options.EntriesType).Dispose();
        foreach ((ComparisonEntry entry, ChosenPolicy policy) in options.Entries.Zip(policies))
        {
            List<(string Task, bool Right)> answers = [];
            double bytes = 0;
            string stage = $"{entry.PolicyText} {entry.EffectiveKeep()}";
            for (int i = 0; i < rows.Count && !cancellation.IsCancellationRequested; i++)
            {
                progress?.Report(new EvaluationProgress(stage, i, rows.Count));
                if (Answer(model, policy, options, prompts[i], rows[i].MaxNewTokens, cancellation) is not { } answer)
                    break;
                answers.Add((rows[i].Task, rows[i].IsRight(answer.Text)));
                bytes += answer.KvBytes;
            }

            if (answers.Count < rows.Count)
                yield break;
            TaskScore[] tasks = [.. answers.GroupBy(answer => answer.Task).Select(task => new TaskScore(task.Key, task.Count(answer => answer.Right), task.Count()))];
            yield return new DataResult(entry.PolicyText, entry.EffectiveKeep().ToString(), tasks, bytes / answers.Count);
        }
    }

    private static (string Text, long KvBytes)? Answer(
        LanguageModel model, ChosenPolicy policy, DataOptions options, PromptTokens prompt, int maxTokens, CancellationToken cancellation)
    {
        using Sequence sequence = model.CreateSequence(policy, options.EntriesType);
        try
        {
            // What comes after the part that is compressed counts as generated: no policy compresses a prompt anew for it.
            ReadOnlySpan<int> tokens = prompt.Tokens;
            int read = tokens.Length - (options.QuestionAware ? prompt.FollowingTokens : prompt.QuestionTokens);
            if (read == 0)
                read = tokens.Length;
            sequence.Prefill(tokens[..read], options.QuestionAware ? prompt.QuestionTokens - prompt.FollowingTokens : 0, progress: null, cancellation);
            foreach (int token in tokens[read..])
            {
                cancellation.ThrowIfCancellationRequested();
                sequence.Decode(token);
            }
        }
        catch (OperationCanceledException)
        {
            return null;
        }

        long bytes = sequence.Cache.KvBytes;
        StringBuilder text = new();
        foreach (GeneratedToken token in TextGenerator.Generate(model, sequence, new GenerationOptions { MaxTokens = maxTokens }, cancellation))
            text.Append(token.Text);
        return cancellation.IsCancellationRequested ? null : (text.ToString(), bytes);
    }
}
