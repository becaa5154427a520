using System.Numerics.Tensors;

namespace Winnow.Evaluation;

/// <summary>The full cache's answer and the logits from which each of its tokens was drawn: what policies are measured against.</summary>
internal sealed class ReferenceAnswer(int limit)
{
    private readonly List<float[]> _logits = [];

    /// <summary>Tokens to feed, one fewer than there are logits or as many.</summary>
    public IReadOnlyList<int> Tokens { get; set; } = [];

    /// <summary>Places at which quality is measured.</summary>
    public int Count => _logits.Count;

    /// <summary>Notes the logits of the next place, up to the limit.</summary>
    public void Add(ReadOnlySpan<float> logits)
    {
        if (_logits.Count < limit)
            _logits.Add(logits.ToArray());
    }

    /// <summary>Feeds a sequence that has read the prompt with the answer.</summary>
    /// <returns>Share of places with the same likeliest token, and mean KL(full ‖ sequence).</returns>
    public (double Agreement, double Divergence) Compare(Sequence sequence, Action<int> report, CancellationToken cancellation)
    {
        int agreed = 0;
        double divergence = 0;
        for (int i = 0; i < Count; i++)
        {
            cancellation.ThrowIfCancellationRequested();
            ReadOnlySpan<float> logits = i == 0 ? sequence.Logits : sequence.Decode(Tokens[i - 1]);
            if (TensorPrimitives.IndexOfMax(logits) == TensorPrimitives.IndexOfMax<float>(_logits[i]))
                agreed++;
            divergence += LogProbabilities.KlDivergence(_logits[i], logits);
            report(i + 1);
        }

        return (Count == 0 ? 1 : (double)agreed / Count, Count == 0 ? 0 : divergence / Count);
    }
}
