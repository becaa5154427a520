using Winnow.Caching.Storage;

namespace Winnow.Caching.Policies;

/// <summary>
/// After the prompt, keeps entries drawn at random: the floor that every other policy has to clear. The draw of an entry depends on the seed, its layer, KV head
/// and position alone, so forks, chunks and repeated runs agree. What is generated stays.
/// </summary>
/// <param name="seed">Seed of the draw.</param>
/// <param name="keep">Entries of a lane after compression.</param>
public sealed class RandomChoice(int seed, Budget keep) : ScoringPolicy(keep)
{
    /// <summary>The policy in the catalogue.</summary>
    public static PolicyDescriptor Descriptor { get; } = new()
    {
        Name = "random",
        Summary = "keeps entries drawn at random; the floor for all others",
        Paper = "a common baseline",
        Options = [new PolicyOption("seed", "0", "seed of the draw")],
        Survives = CacheFeatures.Fork | CacheFeatures.QuantisedEntries | CacheFeatures.GroupedQueries | CacheFeatures.SlidingWindow
            | CacheFeatures.ChunkedPrefill | CacheFeatures.PrefixReuse,
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
            ReadOnlySpan<int> positions = layer[kvHead].Positions;
            ulong lane = Mix(Mix((ulong)seed) + (ulong)(layer.Layer * layer.KvHeads + kvHead));
            for (int slot = 0; slot < scores.Length; slot++)
                scores[slot] = (Mix(lane + (ulong)positions[slot]) >> 40) * (1f / (1 << 24));
        }

        /// <summary>SplitMix64 (Steele et al. 2014): every bit of the input changes about half of the output's.</summary>
        private static ulong Mix(ulong value)
        {
            value += 0x9E37_79B9_7F4A_7C15;
            value = (value ^ value >> 30) * 0xBF58_476D_1CE4_E5B9;
            value = (value ^ value >> 27) * 0x94D0_49BB_1331_11EB;
            return value ^ value >> 31;
        }
    }
}
