namespace Winnow.Evaluation.Tests;

/// <summary>Keeps what it is told, at once and in order, and does something more with the reports from a number on.</summary>
internal sealed class Recorder(Action<EvaluationProgress>? also = null, int after = 0) : IProgress<EvaluationProgress>
{
    public List<EvaluationProgress> Reports { get; } = [];

    public void Report(EvaluationProgress value)
    {
        Reports.Add(value);
        if (Reports.Count > after)
            also?.Invoke(value);
    }
}
