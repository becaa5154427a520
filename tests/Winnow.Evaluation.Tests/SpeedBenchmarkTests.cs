using Winnow.Caching;

namespace Winnow.Evaluation.Tests;

public sealed class SpeedBenchmarkTests
{
    [Theory]
    [InlineData(0, "full")]
    [InlineData(0, "h2o")]
    [InlineData(200, "full")]
    [InlineData(200, "snapkv")]
    public void Every_run_is_counted_but_the_warm_up(int depth, string policy)
    {
        using TinyLlama tiny = new();
        Recorder recorder = new();
        BenchmarkResult result = SpeedBenchmark.Run(tiny.Model, Options(depth, policy), recorder);
        Assert.Equal((3, 3), (result.Prefill.Runs.Count, result.Decode.Runs.Count));
        Assert.All(result.Prefill.Runs.Concat(result.Decode.Runs), speed => Assert.True(speed > 0));
        Assert.Equal(new EvaluationProgress("decode", 4, 4), recorder.Reports[^1]);
    }

    [Fact]
    public void Bytes_of_a_token_are_weights_without_the_embedding_and_the_live_cache()
    {
        using TinyLlama tiny = new();
        BenchmarkResult full = SpeedBenchmark.Run(tiny.Model, Options(200, "full"));
        long weights = tiny.Model.Checkpoint.Tensors.Values.Sum(tensor => tensor.Data.Length) - tiny.Model.Checkpoint.Get("token_embd.weight").Data.Length;
        Assert.Equal(weights, full.WeightBytesPerToken);
        // 200 to 216 entries of 16 channels, key and value, 2 bytes each.
        Assert.Equal(TinyLlama.Lanes * 208 * 64, full.KvBytesPerToken);
        Assert.Equal(full.KvBytesFull, full.KvBytes);
        Assert.Equal(full.Decode.Median * (full.WeightBytesPerToken + full.KvBytesPerToken), full.DecodeBytesPerSecond, 1e-3);

        BenchmarkResult guided = SpeedBenchmark.Run(tiny.Model, Options(200, "h2o"));
        Assert.Equal(TinyLlama.Lanes * 50 * 64, guided.KvBytesPerToken);
        Assert.InRange(guided.KvBytes, 1, guided.KvBytesFull / 4);
    }

    [Theory]
    [InlineData("full", 100)]
    [InlineData("fastgen", 25)]
    public void Sequences_that_decode_together_have_caches_of_their_own_and_share_the_weights(string policy, int percent)
    {
        using TinyLlama tiny = new();
        BenchmarkOptions options = Options(200, policy) with { Policy = PolicyCatalogue.Parse(policy, Budget.Parse($"{percent}%")) };
        BenchmarkResult one = SpeedBenchmark.Run(tiny.Model, options), four = SpeedBenchmark.Run(tiny.Model, options with { Sequences = 4 });
        Assert.Equal((1, 4), (one.Sequences, four.Sequences));
        Assert.Equal(one.WeightBytesPerToken / 4, four.WeightBytesPerToken);
        Assert.Equal(4 * one.KvBytesFull, four.KvBytesFull);
        if (policy == "full")
            Assert.Equal((one.KvBytesPerToken, 4 * one.KvBytes), (four.KvBytesPerToken, four.KvBytes));
        Assert.Equal(3, four.Decode.Runs.Count);
    }

    [Fact]
    public void A_long_decoding_is_shown_stretch_by_stretch()
    {
        using TinyLlama tiny = new();
        BenchmarkResult result = SpeedBenchmark.Run(tiny.Model, Options(200, "h2o") with { GenTokens = 35, Window = 10 });
        Assert.Equal([10, 20, 30], result.Windows.Select(window => window.Tokens));
        Assert.All(result.Windows, window => Assert.True(window.TokensPerSecond > 0));
        // H2O drops an entry for each one that comes.
        Assert.Single(result.Windows.Select(window => window.KvBytes).Distinct());
        Assert.Empty(SpeedBenchmark.Run(tiny.Model, Options(0, "full")).Windows);
    }

    [Theory]
    [InlineData(0, 1, 0, 1, "0 prompt tokens")]
    [InlineData(1, 0, 0, 1, "0 generated tokens")]
    [InlineData(1, 1, -1, 1, "-1 tokens of depth")]
    [InlineData(1, 1, 0, 0, "0 runs")]
    [InlineData(64, 1, 2000, 1, "2064 tokens are more than the model's window of 2048")]
    public void What_cannot_be_measured_is_named(int prompt, int generate, int depth, int runs, string words)
    {
        using TinyLlama tiny = new();
        BenchmarkOptions options = new() { PromptTokens = prompt, GenTokens = generate, Depth = depth, Runs = runs };
        Assert.Contains(words, Assert.Throws<WinnowException>(() => SpeedBenchmark.Run(tiny.Model, options)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void No_sequence_at_all_cannot_be_measured()
    {
        using TinyLlama tiny = new();
        WinnowException error = Assert.Throws<WinnowException>(() => SpeedBenchmark.Run(tiny.Model, Options(0, "full") with { Sequences = 0 }));
        Assert.Contains("0 sequences cannot be measured", error.Message, StringComparison.Ordinal);
    }

    private static BenchmarkOptions Options(int depth, string policy) =>
        new() { PromptTokens = 40, GenTokens = 16, Depth = depth, Runs = 3, Policy = PolicyCatalogue.Parse(policy, Budget.Parse("25%")) };
}
