using ScottPlot;

namespace Winnow.Evaluation;

/// <summary>Draws a sweep as quality against memory: one line a policy over its budgets, with 95 % intervals.</summary>
public static class SweepPlot
{
    private const int Width = 1200;
    private const int Height = 700;

    /// <summary>Writes a PNG.</summary>
    /// <param name="results">What was measured, at least one; of the full cache one result is drawn as the reference.</param>
    /// <param name="title">Stands above the picture.</param>
    /// <param name="pngPath">File to write; one that is there is replaced.</param>
    /// <exception cref="WinnowException">The file cannot be written.</exception>
    public static void Save(IReadOnlyList<SweepResult> results, string title, string pngPath)
    {
        SweepResult? full = results.FirstOrDefault(result => result.Policy == "full");
        IEnumerable<PlotLine> lines = results.Where(result => result != full).GroupBy(result => result.Policy)
            .Select(policy => new PlotLine(policy.Key, [.. policy.Select(Point)]));
        using Plot plot = MemoryPanel.Draw([.. lines], full is null ? null : Point(full));
        plot.Title(title, size: 18);
        plot.YLabel("mean score of the tasks in %", size: 15);
        plot.XLabel(MemoryPanel.BytesLabel, size: 15);
        plot.Axes.SetLimitsY(-4, 104);
        plot.ShowLegend(Edge.Right);
        plot.Layout.Fixed(new PixelPadding(90, MemoryPanel.RoomForLegend(results.Select(result => result.Policy), Width), 60, 50));
        MemoryPanel.Write(() => plot.SavePng(pngPath, Width, Height), pngPath);
    }

    private static PlotPoint Point(SweepResult result) => new(result.KvBytes, result.Mean, result.MeanInterval());
}
