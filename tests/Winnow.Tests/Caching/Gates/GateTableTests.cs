using Winnow.Caching.Gates;

namespace Winnow.Tests.Caching.Gates;

public sealed class GateTableTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("winnow-gates").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void A_saved_table_reads_back_to_the_last_bit()
    {
        string path = Path.Combine(_folder, "gates.tsv");
        GateTable table = new([.1f, 1 / 3f, 1, 0, .00390625f, 1e-8f], kvHeads: 2);
        table.Save(path);
        GateTable copy = GateTable.Load(path);
        Assert.Equal((3, 2), (copy.Layers, copy.KvHeads));
        Assert.Equal(table.Gates.ToArray(), copy.Gates.ToArray());
        Assert.Equal(1 / 3f, copy[0, 1]);
        Assert.Null(copy.Sink);
    }

    [Fact]
    public void Gates_beside_zero_and_one_are_clipped()
    {
        GateTable table = GateTable.Load(Write("gates.tsv", "-0.00390625\t1.01\r\n5.0e-01\t1\r\n"));
        Assert.Equal([0, 1, .5f, 1], table.Gates.ToArray());
    }

    [Fact]
    public void A_folder_brings_the_sizes_it_was_trained_with()
    {
        Write("full_attention_heads.tsv", "0.25\t0.5\n0.75\t1\n");
        Write("config.json", """{ "sink_size": 128, "recent_size": 256, "other": [1] }""");
        GateTable table = GateTable.Load(_folder);
        Assert.Equal((2, 2, 128, 256), (table.Layers, table.KvHeads, table.Sink, table.Recent));
        File.Delete(Path.Combine(_folder, "config.json"));
        Assert.Null(GateTable.Load(_folder).Recent);
    }

    [Theory]
    [InlineData("", "there are no gates")]
    [InlineData("0.5\thalf\n", "'half' in line 1 is no number")]
    [InlineData("0.5\tNaN\n", "'NaN' in line 1 is no number")]
    [InlineData("0.5\t1\n\n0.5\n", "line 3 has 1 gates and the first 2")]
    public void A_broken_table_is_explained(string text, string message) =>
        Assert.Contains(message, Assert.Throws<WinnowException>(() => GateTable.Load(Write("gates.tsv", text))).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData("{", "this is no JSON")]
    [InlineData("""{ "recent_size": 0 }""", "'recent_size' is 0; it must be a whole number of 1 or more")]
    [InlineData("""{ "sink_size": "many" }""", "'sink_size' is \"many\"")]
    public void Broken_sizes_are_explained(string json, string message)
    {
        Write("full_attention_heads.tsv", "0.25\t0.5\n");
        Write("config.json", json);
        Assert.Contains(message, Assert.Throws<WinnowException>(() => GateTable.Load(_folder)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_missing_file_is_explained()
    {
        WinnowException error = Assert.Throws<WinnowException>(() => GateTable.Load(Path.Combine(_folder, "none.tsv")));
        Assert.Contains("the gates cannot be read", error.Message, StringComparison.Ordinal);
    }

    private string Write(string name, string text)
    {
        string path = Path.Combine(_folder, name);
        File.WriteAllText(path, text);
        return path;
    }
}
