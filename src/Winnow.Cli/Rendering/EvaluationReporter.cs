using Winnow.Evaluation;

namespace Winnow.Cli.Rendering;

/// <summary>Passes an evaluation's progress to a meter.</summary>
internal static class EvaluationReporter
{
    /// <summary>A receiver that notes stage and share.</summary>
    public static Reporter<EvaluationProgress> To(Meter meter) => new(report =>
    {
        if (!ReferenceEquals(meter.Stage, report.Stage))
            meter.Stage = report.Stage;
        meter.Report(report.Done, report.Total);
    });
}
