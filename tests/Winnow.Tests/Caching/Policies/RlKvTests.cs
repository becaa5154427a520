using Winnow.Caching;
using Winnow.Caching.Gates;
using Winnow.Caching.Policies;
using Winnow.Caching.Storage;

namespace Winnow.Tests.Caching.Policies;

public sealed class RlKvTests : IDisposable
{
    private readonly TinyLlamaFile _file = new();
    private readonly LanguageModel _model;

    public RlKvTests() => _model = _file.Load();

    public void Dispose()
    {
        _model.Dispose();
        _file.Dispose();
    }

    [Theory]
    [InlineData(0, 30.238139f)]
    [InlineData(1, 31.931757f)]
    public void RlKv_KnownAnswer3_attention_of_a_full_and_of_a_compressed_head(double sparsity, float expected)
    {
        float[] logits = [1, .5f, 0, 2], values = [10, 20, 30, 40];
        using PolicyBench bench = Bench([0], sparsity, sink: 1, recent: 1);
        bench.Prefill(4, position => [logits[position], 0], value: position => [values[position], 0]);
        Assert.Equal(expected, bench.Attend([1, 0])[0], 2e-5f);
    }

    [Fact]
    public void RlKv_KnownAnswer5_compressed_heads_are_rings()
    {
        using PolicyBench bench = Bench([0], sparsity: 1, sink: 2, recent: 3);
        List<int> slots = [0];
        bench.Prefill(1);
        for (int position = 1; position < 9; position++)
            bench.Step(() => slots.Add(bench.Lane.Positions.IndexOf(position)));
        Assert.Equal([0, 1, 6, 7, 8], bench.Kept());
        Assert.Equal(8, bench.Lane.Positions[2]);
        bench.Step(() => slots.Add(bench.Lane.Positions.IndexOf(9)));
        Assert.Equal([0, 1, 2, 3, 4, 2, 3, 4, 2, 3], slots);
    }

    [Fact]
    public void RlKv_KnownAnswer6_a_token_attends_to_sink_and_window()
    {
        using PolicyBench bench = Bench([0], sparsity: 1, sink: 2, recent: 3);
        bench.Prefill(5);
        bench.Step(() => Assert.Equal([0, 1, 3, 4, 5], bench.Kept()));
        bench.Step(() => Assert.Equal([0, 1, 4, 5, 6], bench.Kept()));
    }

    [Theory]
    [InlineData(5, .2, 1.2417)]
    [InlineData(5, .4, 1.6376)]
    [InlineData(10, .5, 1.9481)]
    [InlineData(5, .6, 2.4038)]
    public void RlKv_KnownAnswer9_memory_falls_by_the_formula(int heads, double sparsity, double saving)
    {
        using PolicyBench bench = Bench([.. Enumerable.Range(0, heads).Select(head => head / (float)heads)], sparsity, sink: 16, recent: 64, heads);
        bench.Prefill(3000);
        Assert.Equal(saving, (double)heads * 3000 / bench.Store.Entries, 5e-5);
    }

    [Theory]
    [InlineData("sparsity=0")]
    [InlineData("sparsity=1,recent=400")]
    [InlineData("sparsity=0.5,recent=400")]
    public void RlKv_Property10_equals_the_full_cache_to_the_last_bit(string options)
    {
        using Sequence full = Create("full", "100%"), guided = Create("rlkv:" + options, "10%");
        Assert.Equal(full.Prefill(TinyLlamaFile.Tokens(300)).ToArray(), guided.Prefill(TinyLlamaFile.Tokens(300)).ToArray());
        for (int token = 20; token < 80; token++)
            Assert.Equal(full.Decode(token).ToArray(), guided.Decode(token).ToArray());
        Assert.Equal(full.Cache.Entries, guided.Cache.Entries);
    }

    [Fact]
    public void Heads_with_high_gates_keep_everything_also_what_is_generated()
    {
        using PolicyBench bench = Bench([.2f, .9f, .4f], sparsity: .6, sink: 1, recent: 4, heads: 3);
        bench.Prefill(20);
        for (int token = 0; token < 10; token++)
            bench.Step();
        Assert.Equal([0, 26, 27, 28, 29], bench.Kept(0));
        Assert.Equal(Enumerable.Range(0, 30), bench.Kept(1));
        Assert.Equal([0, 26, 27, 28, 29], bench.Kept(2));
    }

    [Fact]
    public void A_second_prompt_sees_what_is_left_and_keeps_the_classes()
    {
        using PolicyBench bench = Bench([.2f, .9f], sparsity: .5, sink: 2, recent: 3, heads: 2);
        bench.Prefill(10);
        bench.Step();
        bench.Prefill(6, observe: () => Assert.Equal([0, 1, 8, 9, 10, 11, 12, 13, 14, 15, 16], bench.Kept(0)));
        Assert.Equal([0, 1, 14, 15, 16], bench.Kept(0));
        Assert.Equal(17, bench.Kept(1).Length);
        bench.Step();
        Assert.Equal([0, 1, 15, 16, 17], bench.Kept(0));
    }

    [Fact]
    public void A_budget_sets_the_number_of_full_heads_and_the_windows_take_the_rest()
    {
        float[] gates = [.1f, .9f, .3f, .7f];
        using PolicyBench half = Budgeted(gates, "50%"), little = Budgeted(gates, "4%");
        half.Prefill(1000);
        // 2 × 1,000 + 2 × 80 exceeds 2,000: one head stays full, and three share what is left.
        Assert.Equal([333, 1000, 333, 333], Lengths(half));
        little.Prefill(1000);
        Assert.Equal([40, 40, 40, 40], Lengths(little));
        Assert.Equal(Enumerable.Range(0, 10).Concat(Enumerable.Range(970, 30)), little.Kept());
        half.Step();
        Assert.Equal([333, 1001, 333, 333], Lengths(half));
        // A longer text has a larger budget; what was dropped is not missed twice.
        little.Prefill(1000);
        Assert.Equal([80, 80, 80, 80], Lengths(little));
    }

    [Fact]
    public void Without_a_gate_file_the_head_that_looks_far_stays_full()
    {
        using PolicyBench bench = new(new RlKv(new RlKv.Options { Sparsity = .5, Sink = 1, Recent = 2 }), kvHeads: 2, group: 2);
        float[][] near = [.. Enumerable.Range(0, 12).Select(row => Peak(row, 0, Math.Max(0, row - 1)))];
        float[][] far = [.. Enumerable.Range(0, 12).Select(row => Peak(row, row / 2, row))];
        bench.Prefill(12, observe: () =>
        {
            bench.AddRows(near, window: 2, kvHead: 0, queryHead: 0);
            bench.AddRows(near, window: 2, kvHead: 0, queryHead: 1);
            bench.AddRows(near, window: 2, kvHead: 1, queryHead: 0);
            // One far-sighted query head is enough.
            bench.AddRows(far, window: 2, kvHead: 1, queryHead: 1);
        });
        Assert.Equal([0, 10, 11], bench.Kept(0));
        Assert.Equal(12, bench.Kept(1).Length);
    }

    [Fact]
    public void A_text_that_fits_the_window_says_nothing_about_heads()
    {
        using Sequence sequence = Create("rlkv:sparsity=0.5", "25%");
        sequence.Prefill(TinyLlamaFile.Tokens(60));
        for (int token = 0; token < 60; token++)
            sequence.Decode(token + 5);
        Assert.Equal(120L * sequence.Cache.Layout.Lanes, sequence.Cache.Entries);
        sequence.Prefill(TinyLlamaFile.Tokens(200, seed: 9));
        Assert.Equal((320L + 80) * sequence.Cache.Layout.Lanes / 2, sequence.Cache.Entries);
    }

    [Fact]
    public void An_exported_sequence_keeps_its_classes()
    {
        using Sequence sequence = Create("rlkv", "50%");
        sequence.Prefill(TinyLlamaFile.Tokens(300));
        using MemoryStream stream = new();
        sequence.Export(stream);
        stream.Position = 0;
        using Sequence copy = _model.ImportSequence(stream, PolicyCatalogue.Parse("rlkv", Budget.Parse("50%")));
        for (int token = 10; token < 50; token++)
            Assert.Equal(sequence.Decode(token).ToArray(), copy.Decode(token).ToArray());
        Assert.Equal(sequence.Cache.Entries, copy.Cache.Entries);
    }

    [Fact]
    public void Gates_of_another_model_are_refused_before_anything_is_read()
    {
        string folder = Directory.CreateTempSubdirectory("winnow-gates").FullName;
        try
        {
            string path = Path.Combine(folder, "gates.tsv");
            new GateTable(new float[12], kvHeads: 4).Save(path);
            string message = Assert.Throws<WinnowException>(() => Create($"rlkv:gates={path}", "25%")).Message;
            Assert.Contains("are for 3 layers of 4 KV heads, and the model has 2 layers of 2", message, StringComparison.Ordinal);
            new GateTable([.1f, .2f, .9f, .4f], kvHeads: 2).Save(path);
            using Sequence sequence = Create($"rlkv:gates={path},sparsity=0.75", "25%");
            sequence.Prefill(TinyLlamaFile.Tokens(300));
            Assert.Equal([80, 80, 300, 80], Enumerable.Range(0, 4).Select(lane => sequence.Cache[lane / 2, lane % 2].Length));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static float[] Peak(int row, params int[] columns)
    {
        float[] values = new float[row + 1];
        foreach (int column in columns)
            values[column] += 1f / columns.Length;
        return values;
    }

    private static int[] Lengths(PolicyBench bench) => [.. Enumerable.Range(0, bench.Layer.KvHeads).Select(head => bench.Store[0, head].Length)];

    private static PolicyBench Bench(float[] gates, double sparsity, int sink, int recent, int heads = 1) =>
        new(new RlKv(new RlKv.Options { Gates = new GateTable(gates, heads), Sparsity = sparsity, Sink = sink, Recent = recent }), heads);

    private static PolicyBench Budgeted(float[] gates, string keep) =>
        new(new RlKv(new RlKv.Options { Gates = new GateTable(gates, gates.Length), Keep = Budget.Parse(keep) }), gates.Length);

    private Sequence Create(string policy, string keep) => _model.CreateSequence(PolicyCatalogue.Parse(policy, Budget.Parse(keep)));
}
