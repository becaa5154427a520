using Winnow.Caching;
using Winnow.Kernels.Attention;
using Winnow.Kernels.Linear;

namespace Winnow.Evaluation.Tests;

/// <summary>Figures of a real model against those of a reference implementation on the same file.</summary>
public sealed class SmolLm2EvaluationTests
{
    /// <summary>f32 arithmetic on the same weights, the first 8 windows of 1,024 tokens.</summary>
    private const double ReferencePerplexity = 27.128;

    [Fact]
    public void Eight_windows_of_the_jargon_file_reach_the_reference_perplexity()
    {
        PerplexityResult result = Measure(ActivationMode.Quantized, new PerplexityOptions { Windows = 8 });
        Assert.Equal((8, 8 * 511), (result.Windows, result.Tokens));
        TestContext.Current.SendDiagnosticMessage($"perplexity {result.Perplexity:F4} in {result.Seconds:F1} s");
        Assert.InRange(result.Perplexity, ReferencePerplexity * 0.995, ReferencePerplexity * 1.005);
    }

    [Fact]
    public void Eight_bit_activations_stay_within_one_percent_of_float_ones()
    {
        PerplexityOptions options = new() { Windows = 2 };
        double exact = Measure(ActivationMode.Float, options with { Entries = EntryType.F32 }).Perplexity;
        double fast = Measure(ActivationMode.Quantized, options).Perplexity;
        TestContext.Current.SendDiagnosticMessage($"float {exact:F4}, fast {fast:F4}");
        Assert.NotEqual(exact, fast);
        Assert.InRange(fast, exact * 0.99, exact * 1.01);
    }

    [Fact]
    public void A_quarter_of_the_cache_costs_perplexity_and_saves_bytes()
    {
        PerplexityOptions options = new() { Windows = 1 };
        PerplexityResult full = Measure(ActivationMode.Quantized, options);
        PerplexityResult guided = Measure(ActivationMode.Quantized, options with { Policy = PolicyCatalogue.Parse("h2o", Budget.Parse("25%")) });
        Assert.InRange(guided.Perplexity, full.Perplexity, full.Perplexity * 2);
        Assert.Equal(128, guided.KeptEntries);
        Assert.True(guided.KvBytes * 4 < guided.KvBytesFull);
    }

    private static PerplexityResult Measure(ActivationMode activations, PerplexityOptions options)
    {
        using LanguageModel model = LanguageModel.Load(SharedFiles.SmolLm2, new ModelOptions { Threads = 2, Activations = activations });
        int[] tokens = [.. model.Tokenizer.Encode(File.ReadAllText(SharedFiles.Jargon)[..60_000], addSpecial: true)];
        return PerplexityEvaluator.Run(model, tokens, options, progress: null, TestContext.Current.CancellationToken);
    }
}
