using Winnow.Models;

namespace Winnow.Caching;

/// <summary>
/// A rule that decides what a cache keeps: immutable, shared by any number of sequences. Implementations are one file each in <c>Policies/</c> and one line in
/// <see cref="PolicyCatalogue"/>; the command line, the evaluation and the conformance tests find them there.
/// </summary>
public abstract class CachePolicy
{
    /// <summary>What the policy asks of the engine.</summary>
    public abstract PolicyNeeds Needs { get; }

    /// <summary>Refuses a model with which the policy cannot work, before anything is read; most policies work with any.</summary>
    /// <param name="model">Layers and heads of the model.</param>
    /// <exception cref="WinnowException">Something that the policy brings along was made for another model.</exception>
    public virtual void Require(ModelConfig model)
    {
    }

    /// <summary>Starts deciding for one sequence.</summary>
    /// <returns>The sequence's session, or null when nothing is ever decided.</returns>
    public abstract CacheSession? Start();
}
