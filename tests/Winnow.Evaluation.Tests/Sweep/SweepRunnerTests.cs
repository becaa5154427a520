using static Winnow.Evaluation.Tests.Sweep.SweepTestData;

namespace Winnow.Evaluation.Tests.Sweep;

public sealed class SweepRunnerTests : IDisposable
{
    private readonly TinyLlama _tiny = new();

    public void Dispose() => _tiny.Dispose();

    [Fact]
    public void Rows_side_by_side_give_what_one_after_another_gives()
    {
        SweepWork work = Work(Enumerable.Range(0, 7).Select(i =>
            Row($"task {i % 2}", new string('x', 50 + 10 * i)) with { Answers = ["e", "\u2603"], Metric = AnswerMetric.Recall }));
        SweepOptions options = Options(("full", "100%"), ("snapkv", "25%"), ("h2o", "50%"));
        using TinyLlama second = new();
        IReadOnlyList<SweepResult> alone = SweepRunner.Run([_tiny.Model], work, options),
            together = SweepRunner.Run([_tiny.Model, second.Model], work, options);
        Assert.Equal(alone.Select(result => result.Policy), together.Select(result => result.Policy));
        foreach ((SweepResult one, SweepResult other) in alone.Zip(together))
            Assert.Equal(one.Rows.Select(row => (row.Scores[0], row.KvBytes)), other.Rows.Select(row => (row.Scores[0], row.KvBytes)));
    }

    [Fact]
    public void A_cancelled_run_returns_what_is_complete()
    {
        using CancellationTokenSource source = new();
        Recorder recorder = new(progress =>
        {
            if (progress.Stage.StartsWith("h2o", StringComparison.Ordinal))
                source.Cancel();
        });
        IReadOnlyList<SweepResult> results = SweepRunner.Run(
            [_tiny.Model], Work([Row("a", "x"), Row("a", "y")]), Options(("full", "100%"), ("h2o", "50%")), recorder, source.Token);
        Assert.Equal("full", Assert.Single(results).Policy);
    }

    [Fact]
    public void Progress_counts_the_tokens_of_the_whole_sweep()
    {
        Recorder recorder = new();
        SweepRunner.Run([_tiny.Model], Work([Row("a", "x"), Row("a", "yy")]), Options(("full", "100%"), ("h2o", "50%")), recorder);
        Assert.Single(recorder.Reports.Select(report => report.Total).Distinct());
        Assert.Equal(recorder.Reports[0].Total, recorder.Reports[^1].Done);
        Assert.Equal(recorder.Reports.Select(report => report.Done).Order(), recorder.Reports.Select(report => report.Done));
        Assert.Equal(["full 100%", "h2o 50%"], recorder.Reports.Select(report => report.Stage).Distinct());
    }

    [Fact]
    public void An_unknown_policy_is_refused_before_any_row()
    {
        Recorder recorder = new();
        Assert.Throws<WinnowException>(() => SweepRunner.Run([_tiny.Model], Work([Row("a", "x")]), Options(("full", "100%"), ("h3o", "50%")), recorder));
        Assert.Empty(recorder.Reports);
    }

    [Fact]
    public void What_fails_in_a_row_ends_the_run_with_its_own_error()
    {
        using TinyLlama second = new();
        Assert.Equal("row 1 fails", Assert.Throws<WinnowException>(() =>
            SweepRunner.Run([_tiny.Model, second.Model], new FailingWork(), Options(("full", "100%")))).Message);
    }

    private QuestionWork Work(IEnumerable<DataRow> rows) => new(_tiny.Model.Tokenizer, [.. rows], questionAware: false);

    private sealed class FailingWork : SweepWork
    {
        public override int Rows => 4;

        public override string Digest => "";

        public override IReadOnlyList<Measure> Measures(int row) => [new Measure("a")];

        public override long Cost(int row) => 1;

        public override void Require(LanguageModel model, IReadOnlyList<Caching.ChosenPolicy> policies, Kernels.Attention.EntryTypes entries)
        {
        }

        public override IEnumerable<RowOutcome> Run(
            LanguageModel model, Caching.ChosenPolicy policy, Kernels.Attention.EntryTypes entries, IReadOnlyList<int> rows, CancellationToken cancellation) =>
            rows.Select(row => row == 1 ? throw new WinnowException("row 1 fails") : new RowOutcome([0], 1));
    }
}
