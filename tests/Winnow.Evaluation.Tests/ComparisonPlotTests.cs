using System.Buffers.Binary;
using Winnow.Kernels.Attention;

namespace Winnow.Evaluation.Tests;

public sealed class ComparisonPlotTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("winnow-plot-");

    [Fact]
    public void A_comparison_becomes_a_picture()
    {
        byte[] picture = Save(Rows());
        Assert.Equal([0x89, (byte)'P', (byte)'N', (byte)'G'], picture[..4]);
        Assert.True(picture.Length > 5 * 1024, $"{picture.Length} bytes");
        Assert.Equal((1200, 900), (BinaryPrimitives.ReadInt32BigEndian(picture.AsSpan(16)), BinaryPrimitives.ReadInt32BigEndian(picture.AsSpan(20))));
    }

    [Fact]
    public void The_full_cache_alone_can_be_drawn_too() => Assert.NotEqual(Save(Rows()), Save(Rows().Take(1)));

    [Fact]
    public void A_file_that_cannot_be_written_is_named()
    {
        string path = Path.Combine(_folder.FullName, "missing", "plot.png");
        Assert.Contains(path, Assert.Throws<WinnowException>(() => ComparisonPlot.Save(Report(Rows()), path)).Message, StringComparison.Ordinal);
    }

    public void Dispose() => _folder.Delete(recursive: true);

    private byte[] Save(IEnumerable<ComparisonRow> rows)
    {
        string path = Path.Combine(_folder.FullName, "plot.png");
        ComparisonPlot.Save(Report(rows), path);
        return File.ReadAllBytes(path);
    }

    private static ComparisonReport Report(IEnumerable<ComparisonRow> rows) =>
        new() { Model = "tiny.gguf", PromptTokens = 1000, MeasuredTokens = 64, Threads = 2, Entries = EntryType.F16, Rows = [.. rows] };

    private static IEnumerable<ComparisonRow> Rows()
    {
        yield return Row("full", 100, 1, 0);
        foreach ((string policy, double loss) in new[] { ("streaming-llm", 0.4), ("h2o", 0.2), ("snapkv", 0.05) })
        {
            foreach (int percent in new[] { 50, 25, 10 })
                yield return Row(policy, percent, 1 - loss * (1 - percent / 100.0), loss * loss * 10 / percent);
        }
    }

    private static ComparisonRow Row(string policy, int percent, double agreement, double divergence) => new()
    {
        Policy = policy,
        Keep = $"{percent}%",
        Answer = "",
        Tokens = [],
        AgreementTop1 = agreement,
        KlDivergence = divergence,
        KeptEntries = percent * 10,
        KvBytes = percent * 400_000L,
        KvBytesFull = 40_000_000,
        KvBytesEnd = percent * 400_000L,
        PrefillTokensPerSecond = 1000,
        DecodeTokensPerSecond = 100,
    };
}
