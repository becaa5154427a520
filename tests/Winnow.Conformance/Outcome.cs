namespace Winnow.Conformance;

/// <summary>What happened when a policy was put to a use.</summary>
public enum Verdict
{
    /// <summary>It works.</summary>
    Works,

    /// <summary>It holds for some lanes of the cache, or in part.</summary>
    Partly,

    /// <summary>Nothing of the kind happens.</summary>
    Absent,

    /// <summary>The engine refused it with a sentence for the user.</summary>
    Refused,

    /// <summary>It went on and gave a wrong result.</summary>
    Fails,
}

/// <summary>An observation of a policy and a use.</summary>
/// <param name="Verdict">What happened.</param>
/// <param name="Note">The engine's sentence, the option that it takes, or what was wrong; empty when there is nothing to say.</param>
public readonly record struct Outcome(Verdict Verdict, string Note = "")
{
    /// <summary>Works when the checks before found nothing wrong.</summary>
    public static Outcome Require(bool correct, string wrong) => correct ? new Outcome(Verdict.Works) : new Outcome(Verdict.Fails, wrong);

    /// <summary>Runs a probe; a refusal is an observation too.</summary>
    public static Outcome Of(Func<Outcome> probe)
    {
        try
        {
            return probe();
        }
        catch (WinnowException refusal)
        {
            return new Outcome(Verdict.Refused, refusal.Message);
        }
    }
}
