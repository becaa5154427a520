using System.Globalization;
using Winnow.Evaluation;

namespace Winnow.Cli.Rendering;

/// <summary>
/// Holds a measurement before each timed run until a line comes in, and says when a run is over: another program can then measure something else
/// between two runs, so that both meet the same moods of a shared machine. At the end of the input the runs follow one another.
/// </summary>
internal sealed class RunSteps(Terminal terminal) : IProgress<EvaluationProgress>
{
    private static readonly string[] s_stages = [SpeedBenchmark.PrefillStage, SpeedBenchmark.DecodeStage];

    /// <inheritdoc/>
    public void Report(EvaluationProgress value)
    {
        // The first of a stage's runs warms up.
        if (value.Done == 0 || !s_stages.Contains(value.Stage))
            return;
        terminal.Error.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{value.Stage} {value.Done - 1} of {value.Total - 1}"));
        if (value.Done < value.Total)
            terminal.Interrupts.Wait(terminal.In.ReadLine);
    }
}
