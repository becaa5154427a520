using System.Globalization;
using ScottPlot;
using ScottPlot.MultiplotLayouts;
using ScottPlot.Plottables;
using ScottPlot.TickGenerators;

namespace Winnow.Evaluation;

/// <summary>Draws heat maps of needles found, depth against length, one for each policy and budget.</summary>
public static class NeedlePlot
{
    private const int PanelWidth = 420;
    private const int PanelHeight = 340;

    /// <summary>Writes a PNG.</summary>
    /// <param name="grids">The maps, at least one.</param>
    /// <param name="pngPath">File to write; one that is there is replaced.</param>
    /// <exception cref="WinnowException">The file cannot be written.</exception>
    public static void Save(IReadOnlyList<NeedleGrid> grids, string pngPath)
    {
        int columns = (int)Math.Ceiling(Math.Sqrt(grids.Count)), rows = (grids.Count + columns - 1) / columns;
        Multiplot picture = new();
        // One empty panel is there from the start.
        picture.RemovePlot(picture.GetPlot(0));
        foreach (NeedleGrid grid in grids)
            picture.AddPlot(Panel(grid));
        picture.Layout = new ScottPlot.MultiplotLayouts.Grid(rows, columns);
        MemoryPanel.Write(() => picture.SavePng(pngPath, PanelWidth * columns, PanelHeight * rows), pngPath);
    }

    private static Plot Panel(NeedleGrid grid)
    {
        Plot plot = new();
        int depths = grid.Depths.Count;
        Heatmap map = plot.Add.Heatmap(grid.Scores);
        map.Colormap = new ScottPlot.Colormaps.Viridis();
        map.ManualRange = new ScottPlot.Range(0, 100);
        for (int depth = 0; depth < depths; depth++)
        {
            for (int length = 0; length < grid.Lengths.Count; length++)
            {
                double score = grid.Scores[depth, length];
                // The first row is drawn on top.
                Text label = plot.Add.Text(score.ToString("0", CultureInfo.InvariantCulture), length, depths - 1 - depth);
                label.LabelFontColor = score > 60 ? Colors.Black : Colors.White;
                label.LabelAlignment = Alignment.MiddleCenter;
                label.LabelFontSize = 13;
            }
        }

        plot.Title($"{grid.Policy} {grid.Keep}", size: 14);
        plot.XLabel("length in tokens", size: 12);
        plot.YLabel("depth in %", size: 12);
        plot.Axes.Bottom.TickGenerator = Ticks([.. grid.Lengths.Select(length => length.ToString(CultureInfo.InvariantCulture))]);
        plot.Axes.Left.TickGenerator = Ticks([.. grid.Depths.Reverse().Select(depth => (depth * 100).ToString("0.#", CultureInfo.InvariantCulture))]);
        plot.Axes.SetLimits(-0.5, grid.Lengths.Count - 0.5, -0.5, depths - 0.5);
        plot.HideGrid();
        return plot;
    }

    private static NumericManual Ticks(string[] labels)
    {
        NumericManual ticks = new();
        for (int i = 0; i < labels.Length; i++)
            ticks.AddMajor(i, labels[i]);
        return ticks;
    }
}
