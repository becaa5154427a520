using System.Buffers.Binary;

namespace Winnow.Evaluation.Tests.Sweep;

public sealed class PictureTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("winnow-plot-");

    private string Png => Path.Combine(_folder.FullName, "plot.png");

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public void A_sweep_becomes_a_picture_with_and_without_the_full_cache()
    {
        SweepResult[] results = [Result("full", 4 << 20, 100), Result("h2o", 1 << 20, 60), Result("h2o", 2 << 20, 80)];
        SweepPlot.Save(results, "RULER", Png);
        byte[] picture = File.ReadAllBytes(Png);
        Assert.Equal((1200, 700), Size(picture));
        SweepPlot.Save(results[1..], "RULER", Png);
        Assert.NotEqual(picture, File.ReadAllBytes(Png));
        SweepPlot.Save(results[..1], "RULER", Png);
        Assert.NotEqual(picture, File.ReadAllBytes(Png));
    }

    [Fact]
    public void Heat_maps_stand_side_by_side()
    {
        NeedleGrid grid = new("h2o", "25%", [512, 1024], [0, 0.5, 1], new double[,] { { 100, 50 }, { 0, 33.4 }, { 100, 0 } });
        NeedlePlot.Save([grid], Png);
        (int width, int height) = Size(File.ReadAllBytes(Png));
        NeedlePlot.Save([grid, grid, grid], Png);
        Assert.Equal((2 * width, 2 * height), Size(File.ReadAllBytes(Png)));
    }

    [Fact]
    public void A_file_that_cannot_be_written_is_named()
    {
        string path = Path.Combine(_folder.FullName, "missing", "plot.png");
        Assert.Contains(path, Assert.Throws<WinnowException>(() => SweepPlot.Save([Result("h2o", 1, 1)], "RULER", path)).Message, StringComparison.Ordinal);
    }

    private static (int Width, int Height) Size(byte[] png) =>
        (BinaryPrimitives.ReadInt32BigEndian(png.AsSpan(16)), BinaryPrimitives.ReadInt32BigEndian(png.AsSpan(20)));

    private static SweepResult Result(string policy, long bytes, double score) =>
        new(policy, "25%", [new TaskScore(new Measure("a"), [score, score / 2])], [new RowOutcome([score], bytes), new RowOutcome([score / 2], bytes)]);
}
