using Winnow.Kernels.Elementwise;
using Winnow.Tokenization;

namespace Winnow.Decoding;

/// <summary>The generation loop: draw, hand out, decode.</summary>
public static class TextGenerator
{
    /// <summary>Generates from where a sequence stands; its prompt has been read.</summary>
    /// <param name="model">The sequence's model.</param>
    /// <param name="sequence">A sequence with at least one token; it moves along.</param>
    /// <param name="options">When to stop and what to report.</param>
    /// <param name="cancellation">Ends the answer between two tokens.</param>
    /// <returns>Tokens as they come; a last one with id −1 may carry the rest of the text. A token that ends the answer is not returned.</returns>
    public static IEnumerable<GeneratedToken> Generate(
        LanguageModel model, Sequence sequence, GenerationOptions options, CancellationToken cancellation = default)
    {
        if (options.MaxTokens < 0)
            throw new WinnowException($"{options.MaxTokens} tokens cannot be generated: ask for 0 or more");
        Sampler sampler = new(options.Sampling);
        return Loop(model, sequence, options, sampler, cancellation);
    }

    /// <summary>The likeliest tokens after a softmax over the logits.</summary>
    /// <param name="logits">[vocabulary].</param>
    /// <param name="count">How many.</param>
    /// <param name="token">A token whose log-probability is wanted as well.</param>
    public static (float LogProbability, IReadOnlyList<TokenLogProbability> Top) Rank(ReadOnlySpan<float> logits, int count, int token)
    {
        float[] probabilities = logits.ToArray();
        float logSumExp = Softmax.InPlace(probabilities);
        int[] order = [.. Enumerable.Range(0, probabilities.Length)];
        Array.Sort(probabilities, order);
        TokenLogProbability[] top = new TokenLogProbability[Math.Min(count, order.Length)];
        for (int i = 0; i < top.Length; i++)
        {
            int best = order[^(i + 1)];
            top[i] = new TokenLogProbability(best, logits[best] - logSumExp);
        }

        return (logits[token] - logSumExp, top);
    }

    private static IEnumerable<GeneratedToken> Loop(
        LanguageModel model, Sequence sequence, GenerationOptions options, Sampler sampler, CancellationToken cancellation)
    {
        StreamingDecoder text = new(model.Tokenizer);
        for (int generated = 0; generated < options.MaxTokens && !cancellation.IsCancellationRequested; generated++)
        {
            int token = sampler.Next(sequence.Logits);
            if (options.StopAtEnd && model.Tokenizer.EndOfGenerationIds.Contains(token))
                break;
            (float logProbability, IReadOnlyList<TokenLogProbability> top) =
                options.LogProbabilities >= 0 ? Rank(sequence.Logits, options.LogProbabilities, token) : (float.NaN, []);
            yield return new GeneratedToken(token, text.Append(token), logProbability, top);
            if (generated + 1 < options.MaxTokens && !cancellation.IsCancellationRequested)
                sequence.Decode(token);
        }

        string rest = text.Flush();
        if (rest.Length > 0)
            yield return new GeneratedToken(-1, rest, float.NaN, []);
    }
}
