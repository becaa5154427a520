namespace Winnow.Evaluation;

/// <summary>Passes a prefill's count of tokens on as progress of a stage, at once and on the same thread.</summary>
internal sealed class ProgressRelay(IProgress<EvaluationProgress> target, string stage, int offset, int total) : IProgress<int>
{
    public void Report(int value) => target.Report(new EvaluationProgress(stage, offset + value, total));

    public static ProgressRelay? To(IProgress<EvaluationProgress>? target, string stage, int offset, int total) =>
        target is null ? null : new ProgressRelay(target, stage, offset, total);
}
