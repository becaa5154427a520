using System.Numerics.Tensors;

namespace Winnow.Evaluation;

/// <summary>Softmax arithmetic on logits in double precision: sums over tens of thousands of words, then over thousands of tokens, must not drift.</summary>
internal static class LogProbabilities
{
    /// <summary>−ln p of a token.</summary>
    /// <param name="logits">[vocabulary].</param>
    /// <param name="token">Token id.</param>
    public static double NegativeLogLikelihood(ReadOnlySpan<float> logits, int token) => LogSumExp(logits) - logits[token];

    /// <summary>KL(p ‖ q) = Σ p ln(p/q) in nats.</summary>
    /// <param name="p">Logits of the reference, [vocabulary].</param>
    /// <param name="q">Logits of what is compared with it, [vocabulary].</param>
    public static double KlDivergence(ReadOnlySpan<float> p, ReadOnlySpan<float> q)
    {
        double logSumP = LogSumExp(p), logSumQ = LogSumExp(q), sum = 0;
        for (int i = 0; i < p.Length; i++)
        {
            double logP = p[i] - logSumP;
            double probability = Math.Exp(logP);
            // A word that cannot come adds nothing, also where its logit is −∞.
            if (probability > 0)
                sum += probability * (logP - (q[i] - logSumQ));
        }

        // Never below zero but for rounding.
        return Math.Max(0, sum);
    }

    private static double LogSumExp(ReadOnlySpan<float> logits)
    {
        double largest = TensorPrimitives.Max(logits), sum = 0;
        foreach (float logit in logits)
            sum += Math.Exp(logit - largest);
        return largest + Math.Log(sum);
    }
}
