using Winnow.Caching;

namespace Winnow.Tests.Caching.Policies;

/// <summary>A scoring policy whose scores a test writes down, [KV head][slot].</summary>
internal sealed class StubScores(Budget keep, params float[][] scores) : ScoringPolicy(keep)
{
    public override PolicyNeeds Needs { get; } = new();

    public override EntryScorer CreateScorer() => new Scorer(scores);

    /// <summary>The policy inside a wrapper of the catalogue, at work on one layer with a lane for each row of scores.</summary>
    public PolicyBench Bench(string wrapper, string options = "")
    {
        PolicyDescriptor descriptor = new()
        {
            Name = "stub", Summary = "stub", Paper = "none", Survives = CacheFeatures.Fork | CacheFeatures.BeyondWindow, Build = _ => this,
        };
        PolicyText text = PolicyText.Parse($"{wrapper}(stub){options}");
        PolicyWrapper found = PolicyCatalogue.Wrappers.Single(candidate => candidate.Name == text.Name);
        PolicyBench bench = new(found.Apply(new ChosenPolicy(descriptor, this), new PolicyArguments(text.Name, text.Options, Keep)).Policy, scores.Length);
        bench.Prefill(scores[0].Length);
        return bench;
    }

    private sealed class Scorer(float[][] scores) : EntryScorer
    {
        public override void Score(LayerCache layer, int kvHead, int budget, Span<float> target) => scores[kvHead].CopyTo(target);
    }
}
