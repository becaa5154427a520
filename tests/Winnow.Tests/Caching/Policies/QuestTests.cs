using Winnow.Caching;
using Winnow.Caching.Policies;

namespace Winnow.Tests.Caching.Policies;

public sealed class QuestTests
{
    // Pages of two entries. For the query (1, −1) their bounds, largest x minus smallest y, are 3, 6, 2 and 4; the best single keys are 1, 3, 2 and 4.
    private static readonly float[][] s_keys = [[0, -1], [2, 1], [3, 3], [0, -3], [1, -1], [1, -1], [2, -2], [0, 0]];

    [Theory]
    [InlineData(4, new[] { 2, 3, 8 })]
    [InlineData(6, new[] { 2, 3, 6, 7, 8 })]
    [InlineData(8, new[] { 0, 1, 2, 3, 6, 7, 8 })]
    public void Quest_KnownAnswer1_pages_are_read_by_the_bound_of_what_they_can_score(int budget, int[] expected)
    {
        using PolicyBench bench = Bench(budget);
        bench.Prefill(8, position => s_keys[position]);
        Assert.Equal(expected, ReadSlots(bench, [1, -1]));
        Assert.Equal(9, bench.Lane.Length);
    }

    [Theory]
    [InlineData("max", new[] { 2, 3, 6 })]
    [InlineData("sum", new[] { 4, 5, 6 })]
    public void Quest_KnownAnswer2_a_group_ranks_pages_by_its_largest_bound_or_by_their_sum(string bound, int[] expected)
    {
        // Bounds of the pages for a query (1, 0) and for (0, 1): 0 and 0; 5 and 0; 3 and 3.
        using PolicyBench bench = Bench(4, heads: 2, bound);
        bench.Prefill(6, position => position switch { 2 or 3 => [5, 0], 4 => [3, 0], 5 => [0, 3], _ => [0, 0] });
        Assert.Equal(expected, ReadSlots(bench, [1, 0, 0, 1]));
    }

    [Fact]
    public void The_newest_page_is_read_whatever_it_scores_and_so_is_one_that_has_just_filled()
    {
        using PolicyBench bench = Bench(4);
        bench.Prefill(7, position => position < 4 ? [position, 0] : [-9, 0]);
        Assert.Equal([2, 3, 6, 7], ReadSlots(bench, [1, 0], [-9, 0]));
        Assert.Equal([2, 3, 8], ReadSlots(bench, [1, 0], [-9, 0]));
    }

    [Fact]
    public void A_budget_for_everything_reads_everything()
    {
        using PolicyBench bench = Bench(9);
        bench.Prefill(8, position => s_keys[position]);
        Assert.Equal(Enumerable.Range(0, 9), ReadSlots(bench, [1, -1]));
        Assert.Equal([0, 1, 2, 3, 6, 7, 8, 9], ReadSlots(bench, [1, -1]));
    }

    [Fact]
    public void Pages_are_chosen_anew_for_each_query()
    {
        using PolicyBench bench = Bench(4);
        bench.Prefill(8, position => s_keys[position]);
        Assert.Equal([2, 3, 8], ReadSlots(bench, [1, -1]));
        // Bounds 0, 0, −1 and 0: of equals the earlier.
        Assert.Equal([0, 1, 8, 9], ReadSlots(bench, [-1, 0]));
    }

    [Fact]
    public void Attention_over_the_pages_read_is_attention_over_their_entries_alone()
    {
        using PolicyBench guided = Bench(6), plain = new(PolicyCatalogue.Parse("full", Budget.Unlimited).Policy);
        float[][] keys = [.. s_keys, [1, 1]];
        guided.Prefill(8, position => keys[position], value: position => [position, 1]);
        float[] output = [];
        guided.Step(() => output = guided.Attend([1, -1]), [1, -1], _ => keys[8]);
        int[] read = [2, 3, 6, 7];
        plain.Prefill(4, position => keys[read[position]], value: position => [read[position], 1]);
        plain.Step(key: _ => keys[8]);
        H2OTests.AssertClose(plain.Attend([1, -1]), output);
    }

    [Fact]
    public void A_budget_beyond_the_text_changes_no_bit_and_a_small_one_does()
    {
        using TinyLlamaFile file = new();
        using LanguageModel model = file.Load();
        using Sequence full = model.CreateSequence(), ample = Create(model, "400"), small = Create(model, "64");
        foreach (Sequence sequence in new[] { full, ample, small })
            sequence.Prefill(TinyLlamaFile.Tokens(300));
        Assert.Equal(full.Logits.ToArray(), small.Logits.ToArray());
        for (int token = 10; token < 60; token++)
        {
            Assert.Equal(full.Decode(token).ToArray(), ample.Decode(token).ToArray());
            Assert.NotEqual(full.Logits.ToArray(), small.Decode(token).ToArray());
        }

        Assert.Equal(full.Cache.KvBytes, small.Cache.KvBytes);
        Assert.True(small.Cache.FieldBytes > full.Cache.FieldBytes);
    }

    [Fact]
    public void Going_back_forks_and_exports_choose_the_same_pages()
    {
        using TinyLlamaFile file = new();
        using LanguageModel model = file.Load();
        using Sequence straight = Create(model, "64"), sequence = Create(model, "64");
        straight.Prefill(TinyLlamaFile.Tokens(300));
        sequence.Prefill(TinyLlamaFile.Tokens(300));
        for (int token = 0; token < 40; token++)
            sequence.Decode(200 - token);
        sequence.Truncate(300);
        using MemoryStream stream = new();
        sequence.Export(stream);
        stream.Position = 0;
        using Sequence fork = sequence.Fork(), imported = model.ImportSequence(stream, Policy("64"));
        for (int token = 10; token < 60; token++)
        {
            float[] expected = straight.Decode(token).ToArray();
            foreach (Sequence other in new[] { sequence, fork, imported })
                Assert.Equal(expected, other.Decode(token).ToArray());
        }
    }

    [Fact]
    public void The_first_layers_read_everything()
    {
        using PolicyBench bench = new(new Quest(new Quest.Options { Keep = Budget.Entries(4), Page = 2, Skip = 1 }));
        bench.Prefill(8, position => s_keys[position]);
        Assert.Equal(9, ReadSlots(bench, [1, -1]).Length);
    }

    private static ChosenPolicy Policy(string keep) => PolicyCatalogue.Parse("quest:skip=0", Budget.Parse(keep));

    private static Sequence Create(LanguageModel model, string keep) => model.CreateSequence(Policy(keep));

    private static PolicyBench Bench(int budget, int heads = 1, string bound = "max") =>
        new(PolicyCatalogue.Parse($"quest:page=2,skip=0,bound={bound}", Budget.Entries(budget)).Policy, group: heads);

    /// <summary>Generates a token and tells which slots its attention reads: those whose logits are numbers.</summary>
    private static int[] ReadSlots(PolicyBench bench, float[] queries, float[]? key = null)
    {
        float[] logits = [];
        bench.Step(() =>
        {
            logits = new float[bench.Layer.Shape.GroupSize * bench.Lane.Length];
            bench.Layer.Logits(0, 1, logits);
        }, queries, _ => key ?? [0, 0]);
        return [.. Enumerable.Range(0, bench.Lane.Length).Where(slot => float.IsFinite(logits[slot]))];
    }
}
