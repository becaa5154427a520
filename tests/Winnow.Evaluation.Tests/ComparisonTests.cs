using Winnow.Caching;
using Winnow.Decoding;
using Winnow.Kernels.Attention;

namespace Winnow.Evaluation.Tests;

public sealed class ComparisonTests
{
    private static readonly string[] s_policies = [.. PolicyCatalogue.All.Select(policy => policy.Name).Where(name => name != "full")];

    [Fact]
    public void The_full_cache_comes_first_and_agrees_with_itself()
    {
        using TinyLlama tiny = new();
        ComparisonReport report = Run(tiny, [new ComparisonEntry("full", Budget.Parse("25%"))]);
        Assert.Equal(["full", "full"], report.Rows.Select(row => row.Policy));
        // The second row went the way of every policy: it was fed with the first one's answer.
        Assert.All(report.Rows, row => Assert.Equal((1.0, 0.0), (row.AgreementTop1, row.KlDivergence)));
        Assert.Equal(report.Rows[0].Tokens, report.Rows[1].Tokens);
        Assert.Equal(report.Rows[0].KvBytesFull, report.Rows[0].KvBytes);
        Assert.Equal((TinyLlama.FileName, 300, 2), (report.Model, report.PromptTokens, report.Threads));
    }

    [Fact]
    public void Every_policy_that_keeps_everything_equals_the_full_cache()
    {
        using TinyLlama tiny = new();
        ComparisonReport report = Run(tiny, s_policies.Select(name => new ComparisonEntry(name, Budget.Parse("100%"))));
        foreach (ComparisonRow row in report.Rows)
        {
            Assert.Equal((1.0, 0.0, 300.0), (row.AgreementTop1, row.KlDivergence, row.KeptEntries));
            Assert.Equal(report.Rows[0].Tokens, row.Tokens);
            Assert.Equal(report.Rows[0].Answer, row.Answer);
            Assert.Equal(report.Rows[0].KvBytesEnd, row.KvBytesEnd);
        }
    }

    [Theory]
    [InlineData(EntryType.F16)]
    [InlineData(EntryType.Q8_0)]
    [InlineData(EntryType.Q4_0)]
    public void Bytes_after_the_prompt_are_the_budget_give_or_take_a_page_a_lane(EntryType type)
    {
        const int Prompt = 1000;
        using TinyLlama tiny = new();
        string[] budgets = ["50%", "25%", "10%"];
        IEnumerable<ComparisonEntry> entries = s_policies.SelectMany(name => budgets.Select(keep => new ComparisonEntry(name, Budget.Parse(keep))));
        ComparisonReport report = Run(tiny, entries, new ComparisonOptions { Entries = [], MaxTokens = 2, EntriesType = type }, Prompt);
        long page = report.Rows[0].KvBytesFull / TinyLlama.Lanes / 16;
        foreach (ComparisonRow row in report.Rows.Skip(1))
        {
            if (PolicyCatalogue.Get(row.Policy).KeepsEverything)
            {
                Assert.Equal((row.KvBytesFull, (double)Prompt), (row.KvBytes, row.KeptEntries));
                continue;
            }

            double share = double.Parse(row.Keep.TrimEnd('%'), System.Globalization.CultureInfo.InvariantCulture) / 100;
            double budget = share * Prompt * page / 64 * TinyLlama.Lanes;
            Assert.InRange(row.KvBytes, budget - page * TinyLlama.Lanes, budget + page * TinyLlama.Lanes);
            // What a policy stores in a form of its own counts as bytes and not as entries.
            if (PolicyCatalogue.Parse(row.Policy, Budget.Parse(row.Keep)).Policy.Needs.Segments)
                continue;
            // SAGE-KV counts its newest entries from the last token, which stays beside them.
            Assert.InRange(row.KeptEntries, share * Prompt * 0.75, share * Prompt + 1);
        }
    }

    [Fact]
    public void A_blind_policy_loses_and_its_row_shows_it()
    {
        using TinyLlama tiny = new();
        ComparisonRow row = Run(tiny, [new ComparisonEntry("streaming-llm", Budget.Entries(8))]).Rows[1];
        Assert.InRange(row.AgreementTop1, 0, 0.99);
        Assert.True(row.KlDivergence > 1e-3);
        Assert.Equal(8, row.KeptEntries);
        Assert.True(row.PrefillTokensPerSecond > 0 && row.DecodeTokensPerSecond > 0);
    }

    [Fact]
    public void A_budget_in_the_policys_own_text_is_the_one_shown()
    {
        using TinyLlama tiny = new();
        ComparisonRow row = Run(tiny, [new ComparisonEntry("h2o:norm=sum,keep=40", Budget.Parse("50%"))]).Rows[1];
        Assert.Equal(("40", 40.0), (row.Keep, row.KeptEntries));
    }

    [Fact]
    public void Quality_is_measured_over_the_first_tokens_when_the_answer_is_longer()
    {
        using TinyLlama tiny = new();
        ComparisonOptions options = new() { Entries = [], MaxTokens = 12, MeasuredTokens = 5 };
        ComparisonReport report = Run(tiny, [new ComparisonEntry("snapkv", Budget.Parse("50%"))], options);
        Assert.Equal(5, report.MeasuredTokens);
        Assert.Equal(12, report.Rows[0].Tokens.Count);
    }

    [Fact]
    public void Sampled_answers_repeat_with_their_seed()
    {
        using TinyLlama tiny = new();
        ComparisonOptions options = new() { Entries = [], MaxTokens = 12, Sampling = new SamplingOptions { Temperature = 1, Seed = 4 } };
        ComparisonReport report = Run(tiny, [new ComparisonEntry("full", Budget.Unlimited)], options);
        Assert.Equal(report.Rows[0].Tokens, report.Rows[1].Tokens);
    }

    [Fact]
    public void Nothing_runs_before_every_row_is_known_to_work()
    {
        using TinyLlama tiny = new();
        Recorder recorder = new();
        ComparisonOptions options = new() { Entries = [new ComparisonEntry("h2o", Budget.Unlimited), new ComparisonEntry("h3o", Budget.Unlimited)] };
        Assert.Contains(
            "h3o", Assert.Throws<WinnowException>(() => Comparison.Run(tiny.Model, new PromptTokens(TinyLlama.Text(10), 0), options, recorder)).Message, StringComparison.Ordinal);
        Assert.Empty(recorder.Reports);
        Assert.Contains("window of 2048", Assert.Throws<WinnowException>(() => Run(tiny, [], null, 2000)).Message, StringComparison.Ordinal);
        Assert.Contains("no tokens", Assert.Throws<WinnowException>(() => Run(tiny, [], null, 0)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Cancellation_stops_within_an_answer()
    {
        using TinyLlama tiny = new();
        using CancellationTokenSource source = new();
        Recorder recorder = new(progress =>
        {
            if (progress is { Stage: "full · answer", Done: 3 })
                source.Cancel();
        });
        ComparisonOptions options = new() { Entries = [] };
        Assert.Throws<OperationCanceledException>(() => Comparison.Run(tiny.Model, new PromptTokens(TinyLlama.Text(50), 0), options, recorder, source.Token));
        Assert.Equal(3, recorder.Reports[^1].Done);
    }

    private static ComparisonReport Run(TinyLlama tiny, IEnumerable<ComparisonEntry> entries, ComparisonOptions? options = null, int prompt = 300) =>
        Comparison.Run(tiny.Model, new PromptTokens(TinyLlama.Text(prompt), 0), (options ?? new ComparisonOptions { Entries = [] }) with { Entries = [.. entries] });
}
