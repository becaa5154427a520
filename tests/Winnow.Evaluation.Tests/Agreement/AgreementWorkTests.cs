using Winnow.Caching;
using Winnow.Evaluation.Tests.Sweep;

namespace Winnow.Evaluation.Tests.Agreement;

public sealed class AgreementWorkTests : IDisposable
{
    private static readonly AgreementOptions _small = new() { PromptTokens = 200, GenTokens = 20, Passages = 3 };

    private readonly TinyLlama _tiny = new();

    public void Dispose() => _tiny.Dispose();

    [Fact]
    public void The_full_cache_agrees_with_itself_and_a_blind_policy_does_not()
    {
        IReadOnlyList<SweepResult> results = Run(_small, ("full", "100%"), ("snapkv", "100%"), ("streaming-llm", "8"));
        Assert.All(results.Take(2), result => Assert.Equal((100.0, 0.0), (result.Tasks[0].Score, result.Tasks[1].Score)));
        Assert.InRange(results[2].Tasks[0].Score, 0, 99);
        Assert.True(results[2].Tasks[1].Score > 1e-3);
        Assert.Equal([AgreementWork.AgreementTask, AgreementWork.DivergenceTask], results[2].Tasks.Select(task => task.Task));
        Assert.All(results[2].Tasks, task => Assert.Equal(3, task.Samples));
        Assert.True(results[2].KvBytes < results[0].KvBytes);
    }

    [Fact]
    public void The_mean_of_the_tasks_leaves_divergences_out()
    {
        SweepResult result = Run(_small, ("h2o", "25%"))[0];
        Assert.Equal(result.Tasks[0].Score, result.Mean);
    }

    [Fact]
    public void Places_are_those_of_the_text_decoded_one_by_one()
    {
        int[] text = TinyLlama.Text(220);
        using Sequence full = _tiny.Model.CreateSequence(), guided = _tiny.Model.CreateSequence(PolicyCatalogue.Parse("h2o", Budget.Parse("25%")));
        full.Prefill(text.AsSpan(0, 200));
        guided.Prefill(text.AsSpan(0, 200));
        double divergence = LogProbabilities.KlDivergence(full.Logits, guided.Logits);
        for (int i = 200; i < 219; i++)
            divergence += LogProbabilities.KlDivergence(full.Decode(text[i]), guided.Decode(text[i]));
        SweepWork work = new AgreementWork(_tiny.Model, text, _small with { Passages = 1 });
        Assert.Equal(divergence / 20, SweepRunner.Run([_tiny.Model], work, SweepTestData.Options(("h2o", "25%")))[0].Tasks[1].Score, 1e-9);
    }

    [Fact]
    public void Threads_share_the_full_caches_logits()
    {
        using TinyLlama second = new();
        SweepOptions options = SweepTestData.Options(("h2o", "25%"), ("snapkv", "25%"));
        double[] Scores(params LanguageModel[] models) =>
            [.. SweepRunner.Run(models, new AgreementWork(_tiny.Model, TinyLlama.Text(700), _small), options)
                .SelectMany(result => result.Rows).SelectMany(row => row.Scores)];
        Assert.Equal(Scores(_tiny.Model), Scores(_tiny.Model, second.Model));
    }

    [Theory]
    [InlineData(700, 0, 5, "0 prompt tokens")]
    [InlineData(700, 5, 0, "0 more")]
    [InlineData(100, 200, 20, "the text has 100 tokens, fewer than one passage of 220")]
    [InlineData(3000, 2048, 1, "longer than the model's window of 2048")]
    public void What_cannot_be_measured_is_named(int tokens, int prompt, int generated, string words) =>
        Assert.Contains(words, Assert.Throws<WinnowException>(() => new AgreementWork(
            _tiny.Model, TinyLlama.Text(tokens), new AgreementOptions { PromptTokens = prompt, GenTokens = generated })).Message, StringComparison.Ordinal);

    private IReadOnlyList<SweepResult> Run(AgreementOptions options, params (string, string)[] entries) =>
        SweepRunner.Run([_tiny.Model], new AgreementWork(_tiny.Model, TinyLlama.Text(700), options), SweepTestData.Options(entries));
}
