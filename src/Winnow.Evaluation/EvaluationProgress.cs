namespace Winnow.Evaluation;

/// <summary>How far an evaluation is. Reports come on an evaluating thread, one at a time, so a handler should be quick.</summary>
/// <param name="Stage">What is being done, in a few words.</param>
/// <param name="Done">Tokens or runs done in this stage.</param>
/// <param name="Total">Tokens or runs of this stage.</param>
public sealed record EvaluationProgress(string Stage, long Done, long Total);
