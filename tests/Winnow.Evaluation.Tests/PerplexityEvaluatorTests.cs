using Winnow.Caching;
using Winnow.Kernels.Attention;

namespace Winnow.Evaluation.Tests;

public sealed class PerplexityEvaluatorTests
{
    [Fact]
    public void The_second_half_of_each_window_is_scored()
    {
        using TinyLlama tiny = new();
        PerplexityResult result = PerplexityEvaluator.Run(tiny.Model, TinyLlama.Text(2 * 200 + 150), new PerplexityOptions { Context = 200 });
        Assert.Equal((2, 2 * 99), (result.Windows, result.Tokens));
        Assert.Equal(Math.Exp(result.MeanNegativeLogLikelihood), result.Perplexity, 9);
    }

    [Fact]
    public void The_mean_is_that_of_single_tokens_decoded_one_by_one()
    {
        using TinyLlama tiny = new();
        int[] text = TinyLlama.Text(64);
        using Sequence sequence = tiny.Model.CreateSequence(null, EntryType.F32);
        double sum = 0;
        for (int position = 0; position < 63; position++)
        {
            Span<float> logits = sequence.Decode(text[position]);
            if (position >= 32)
                sum += LogProbabilities.NegativeLogLikelihood(logits, text[position + 1]);
        }

        PerplexityResult result = PerplexityEvaluator.Run(tiny.Model, text, new PerplexityOptions { Context = 64, Entries = EntryType.F32 });
        Assert.Equal(sum / 31, result.MeanNegativeLogLikelihood, 1e-4);
    }

    [Fact]
    public void Chunks_of_the_prefill_change_nothing()
    {
        using TinyLlama whole = new();
        using TinyLlama pieces = new(chunkSize: 48);
        PerplexityOptions options = new() { Context = 300, Entries = EntryType.F32 };
        double expected = PerplexityEvaluator.Run(whole.Model, TinyLlama.Text(600), options).MeanNegativeLogLikelihood;
        double actual = PerplexityEvaluator.Run(pieces.Model, TinyLlama.Text(600), options).MeanNegativeLogLikelihood;
        Assert.Equal(expected, actual, 1e-5);
    }

    [Theory]
    [InlineData("streaming-llm")]
    [InlineData("h2o")]
    [InlineData("sage-kv")]
    [InlineData("snapkv")]
    public void A_policy_with_room_for_everything_decodes_what_the_full_cache_prefills(string policy)
    {
        using TinyLlama tiny = new();
        int[] text = TinyLlama.Text(400);
        PerplexityOptions full = new() { Context = 200, Entries = EntryType.F32 };
        double expected = PerplexityEvaluator.Run(tiny.Model, text, full).MeanNegativeLogLikelihood;
        // 1,000 entries are more than any window here, yet the policy is at work: this is the decoding path.
        double roomy = PerplexityEvaluator.Run(
            tiny.Model, text, full with { Policy = PolicyCatalogue.Parse(policy, Budget.Entries(1000)) }).MeanNegativeLogLikelihood;
        Assert.Equal(expected, roomy, 1e-4);
        PerplexityResult unlimited = PerplexityEvaluator.Run(tiny.Model, text, full with { Policy = PolicyCatalogue.Parse(policy, Budget.Unlimited) });
        Assert.Equal(expected, unlimited.MeanNegativeLogLikelihood);
    }

    [Fact]
    public void A_guided_cache_is_smaller_and_its_figures_differ()
    {
        using TinyLlama tiny = new();
        int[] text = TinyLlama.Text(1024);
        PerplexityOptions options = new() { Policy = PolicyCatalogue.Parse("streaming-llm", Budget.Parse("25%")) };
        PerplexityResult guided = PerplexityEvaluator.Run(tiny.Model, text, options);
        PerplexityResult full = PerplexityEvaluator.Run(tiny.Model, text, new PerplexityOptions());
        Assert.Equal(128, guided.KeptEntries);
        Assert.InRange(guided.KvBytes, 1, full.KvBytes / 4);
        Assert.Equal(full.KvBytes, guided.KvBytesFull);
        Assert.Equal(full.KvBytes, full.KvBytesFull);
        Assert.NotEqual(full.Perplexity, guided.Perplexity);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void BOS_replaces_the_first_token_of_a_window_where_the_model_asks_for_it(bool addsBos)
    {
        using TinyLlama tiny = new(addsBos);
        int[] text = TinyLlama.Text(64), other = [.. text];
        other[0]++;
        other[32]++;
        PerplexityOptions options = new() { Context = 32 };
        double first = PerplexityEvaluator.Run(tiny.Model, text, options).Perplexity;
        Assert.Equal(addsBos, first == PerplexityEvaluator.Run(tiny.Model, other, options).Perplexity);
    }

    [Theory]
    [InlineData(3, null, "a window of 3 tokens")]
    [InlineData(4096, null, "longer than the model's 2048")]
    [InlineData(512, null, "fewer than one window of 512")]
    [InlineData(64, 0, "0 windows")]
    public void What_cannot_work_is_named(int context, int? windows, string words)
    {
        using TinyLlama tiny = new();
        PerplexityOptions options = new() { Context = context, Windows = windows };
        Assert.Contains(words, Assert.Throws<WinnowException>(() =>
            PerplexityEvaluator.Run(tiny.Model, TinyLlama.Text(100), options)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Cancellation_stops_a_decoded_window()
    {
        using TinyLlama tiny = new();
        using CancellationTokenSource source = new();
        Recorder recorder = new(progress =>
        {
            if (progress.Done >= 60)
                source.Cancel();
        });
        PerplexityOptions options = new() { Context = 100, Policy = PolicyCatalogue.Parse("h2o", Budget.Entries(20)) };
        Assert.Throws<OperationCanceledException>(() => PerplexityEvaluator.Run(tiny.Model, TinyLlama.Text(100), options, recorder, source.Token));
        Assert.Equal(60, recorder.Reports[^1].Done);
        Assert.Equal(99, recorder.Reports[^1].Total);
    }
}
