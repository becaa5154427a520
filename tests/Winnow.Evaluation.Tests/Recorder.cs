namespace Winnow.Evaluation.Tests;

/// <summary>Keeps what it is told, at once and in order.</summary>
internal sealed class Recorder(Action<EvaluationProgress>? also = null) : IProgress<EvaluationProgress>
{
    public List<EvaluationProgress> Reports { get; } = [];

    public void Report(EvaluationProgress value)
    {
        Reports.Add(value);
        also?.Invoke(value);
    }
}
