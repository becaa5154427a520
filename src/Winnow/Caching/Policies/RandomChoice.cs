namespace Winnow.Caching.Policies;

/// <summary>After the prompt, keeps entries drawn at random: what any guide must beat. The same seed keeps the same entries.</summary>
/// <param name="seed">Seed of the draws.</param>
/// <param name="keep">Entries of a lane after compression.</param>
public sealed class RandomChoice(int seed, Budget keep) : ScoringPolicy(keep)
{
    /// <summary>The policy in the catalogue.</summary>
    public static PolicyDescriptor Descriptor { get; } = new()
    {
        Name = "random",
        Summary = "keeps entries drawn at random",
        Paper = "a common baseline",
        Options = [new PolicyOption("seed", "0", "seed of the draws")],
        Survives = CacheFeatures.Fork | CacheFeatures.QuantisedEntries | CacheFeatures.GroupedQueries | CacheFeatures.SlidingWindow | CacheFeatures.ChunkedPrefill,
        Build = arguments => new RandomChoice(arguments.Integer("seed", 0, 0), arguments.Keep),
    };

    /// <inheritdoc/>
    public override PolicyNeeds Needs { get; } = new();

    /// <inheritdoc/>
    public override EntryScorer CreateScorer() => new Scorer(seed);

    private sealed class Scorer(int seed) : EntryScorer
    {
        public override void Score(LayerCache layer, int kvHead, int budget, Span<float> scores)
        {
            // A lane's draws depend on nothing but the seed and the lane, so forks and layers in any order agree.
            Random random = new(unchecked((seed * 1_000_003 + layer.Layer) * 1_009 + kvHead));
            for (int slot = 0; slot < scores.Length; slot++)
                scores[slot] = random.NextSingle();
        }
    }
}
