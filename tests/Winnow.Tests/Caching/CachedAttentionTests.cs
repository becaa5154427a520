using Winnow.Caching;
using Winnow.Kernels.Attention;

namespace Winnow.Tests.Caching;

public sealed class CachedAttentionTests
{
    private const int Tokens = 260;

    [Theory]
    [InlineData(1f, false)]
    [InlineData(0.98f, false)]
    [InlineData(1f, true)]
    public void What_chunks_and_steps_observe_equals_one_pass(float decay, bool maximum)
    {
        AttentionObserver observer = new() { PerQueryHead = true, Decay = decay, Maximum = maximum, LocalWindow = _ => Tokens / 20 };
        float[][] whole = Observe(observer, chunkSize: 512, steps: 0);
        Assert.Contains(whole, channel => channel.Max() > 0.5f);
        foreach ((int chunk, int steps) in new[] { (100, 0), (33, 0), (512, 25) })
        {
            float[][] parts = Observe(observer, chunk, steps);
            for (int channel = 0; channel < whole.Length; channel++)
                Assert.Equal(whole[channel], parts[channel], (a, b) => MathF.Abs(a - b) < 2e-3f);
        }
    }

    /// <summary>The score channels of every lane after the same tokens, some of them decoded one by one.</summary>
    private static float[][] Observe(AttentionObserver observer, int chunkSize, int steps)
    {
        using TinyLlamaFile file = new();
        using LanguageModel model = file.Load(chunkSize);
        ChosenPolicy policy = new(Describe(), new Watcher(observer));
        using Sequence sequence = model.CreateSequence(policy, EntryType.F32);
        int[] tokens = TinyLlamaFile.Tokens(Tokens);
        sequence.Prefill(tokens.AsSpan(0, Tokens - steps));
        foreach (int token in tokens[(Tokens - steps)..])
            sequence.Decode(token);
        int channels = sequence.Cache.Layout.ScoreChannels;
        Assert.Equal(6, channels);
        return [.. Enumerable.Range(0, TinyLlamaFile.Layers * TinyLlamaFile.KvHeads * channels).Select(i => sequence
            .Cache[i / channels / TinyLlamaFile.KvHeads, i / channels % TinyLlamaFile.KvHeads].ScoresOf(i % channels).ToArray())];
    }

    private static PolicyDescriptor Describe() => new()
    {
        Name = "watcher", Summary = "only watches", Paper = "none", Survives = CacheFeatures.GroupedQueries | CacheFeatures.ChunkedPrefill,
        Build = _ => new Watcher(new AttentionObserver()),
    };

    private sealed class Watcher(AttentionObserver observer) : CachePolicy
    {
        public override PolicyNeeds Needs { get; } = new() { Observer = observer };

        public override CacheSession? Start() => null;
    }
}
