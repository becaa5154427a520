using static Winnow.Evaluation.Tests.Sweep.SweepTestData;

namespace Winnow.Evaluation.Tests.Sweep;

public sealed class SweepJournalTests : IDisposable
{
    private static readonly Dictionary<string, string> _settings = new() { ["the model"] = "m", ["--length"] = "1024" };

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("winnow-journal-");

    private string File => Path.Combine(_folder.FullName, "sweep.journal");

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public void Rows_come_back_when_the_journal_is_opened_again()
    {
        Write(("h2o:norm=sum", "25%", 0, 50), ("h2o:norm=sum", "25%", 3, 100.0 / 3));
        using SweepJournal journal = SweepJournal.Open(File, _settings);
        Assert.Equal(2, journal.Known);
        Assert.Equal((100.0 / 3, 7L), (journal.Find("h2o:norm=sum", "25%", 3)!.Scores[0], journal.Find("h2o:norm=sum", "25%", 3)!.KvBytes));
        Assert.Null(journal.Find("h2o:norm=sum", "50%", 3));
        Assert.Null(journal.Find("h2o:norm=sum", "25%", 1));
    }

    [Fact]
    public void A_line_that_was_not_finished_is_passed_over_and_written_anew()
    {
        Write(("h2o", "25%", 0, 50), ("h2o", "25%", 1, 50));
        byte[] bytes = System.IO.File.ReadAllBytes(File);
        System.IO.File.WriteAllBytes(File, bytes[..^9]);
        Write(("h2o", "25%", 1, 75));
        using SweepJournal journal = SweepJournal.Open(File, _settings);
        Assert.Equal((50, 75), (journal.Find("h2o", "25%", 0)!.Scores[0], journal.Find("h2o", "25%", 1)!.Scores[0]));
        Assert.Equal(3, System.IO.File.ReadAllLines(File).Length);
    }

    [Fact]
    public void A_journal_of_another_configuration_is_refused_with_what_differs()
    {
        Write(("h2o", "25%", 0, 50));
        WinnowException error = Assert.Throws<WinnowException>(() =>
            SweepJournal.Open(File, new Dictionary<string, string>(_settings) { ["--length"] = "2048" }));
        Assert.Contains("--length was 1024, and is 2048 now", error.Message, StringComparison.Ordinal);
        Assert.Contains(File, error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("hello\n", "line 1")]
    [InlineData("hello", "line 1")]
    [InlineData("{\"a\":1}\n", "line 1")]
    [InlineData("{\"winnow_sweep\":1,\"settings\":{\"the model\":\"m\",\"--length\":\"1024\"}}\n{\"cache\":\"h2o\"}\n", "line 2")]
    [InlineData("{\"winnow_sweep\":1,\"settings\":{\"the model\":\"m\",\"--length\":\"1024\"}}\n[]\n", "line 2")]
    public void A_file_that_is_no_journal_is_refused_and_left_as_it_is(string content, string words)
    {
        System.IO.File.WriteAllText(File, content);
        Assert.Contains($"{words}: this is no journal", Assert.Throws<WinnowException>(() => SweepJournal.Open(File, _settings)).Message,
            StringComparison.Ordinal);
        Assert.Equal(content, System.IO.File.ReadAllText(File));
    }

    [Fact]
    public void A_folder_that_is_missing_is_named() =>
        Assert.Contains("missing", Assert.Throws<WinnowException>(() => SweepJournal.Open(Path.Combine(_folder.FullName, "missing", "x"), _settings)).Message,
            StringComparison.Ordinal);

    [Fact]
    public void A_run_that_was_stopped_goes_on_where_it_was_and_ends_as_if_it_had_not_been()
    {
        using TinyLlama tiny = new();
        QuestionWork work = new(tiny.Model.Tokenizer, [.. Enumerable.Range(0, 5).Select(i => Row("a", new string('x', 20 + i)))], questionAware: false);
        SweepOptions options = Options(("full", "100%"), ("snapkv", "50%"));
        IReadOnlyList<SweepResult> whole = SweepRunner.Run([tiny.Model], work, options);
        using CancellationTokenSource source = new();
        Recorder stopping = new(_ => source.Cancel(), after: 13);
        using (SweepJournal journal = SweepJournal.Open(File, _settings))
            Assert.Single(SweepRunner.Run([tiny.Model], work, options with { Journal = journal }, stopping, source.Token));
        Recorder recorder = new();
        using (SweepJournal journal = SweepJournal.Open(File, _settings))
        {
            Assert.InRange(journal.Known, 6, 8);
            IReadOnlyList<SweepResult> resumed = SweepRunner.Run([tiny.Model], work, options with { Journal = journal }, recorder);
            Assert.Equal(
                whole.SelectMany(result => result.Rows).Select(row => (row.Scores[0], row.KvBytes)),
                    resumed.SelectMany(result => result.Rows).Select(row => (row.Scores[0], row.KvBytes)));
        }

        Assert.Equal(["snapkv 50%"], recorder.Reports.Select(report => report.Stage).Distinct());
        recorder.Reports.Clear();
        using (SweepJournal journal = SweepJournal.Open(File, _settings))
            Assert.Equal(2, SweepRunner.Run([tiny.Model], work, options with { Journal = journal }, recorder).Count);
        Assert.Empty(recorder.Reports);
    }

    private void Write(params (string Policy, string Keep, int Row, double Score)[] rows)
    {
        using SweepJournal journal = SweepJournal.Open(File, _settings);
        foreach ((string policy, string keep, int row, double score) in rows)
            journal.Add(policy, keep, row, new RowOutcome([score], 7));
    }
}
