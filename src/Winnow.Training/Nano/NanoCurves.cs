using ScottPlot;
using ScottPlot.MultiplotLayouts;

namespace Winnow.Training.Nano;

/// <summary>Loss and accuracy over time as a picture.</summary>
internal static class NanoCurves
{
    private const int Width = 1200;
    private const int Height = 900;

    /// <summary>Writes a PNG.</summary>
    /// <param name="log">Lines of the log, the header first.</param>
    /// <param name="pngPath">File to write; one that is there is replaced.</param>
    public static void Save(IReadOnlyList<string> log, string pngPath)
    {
        using Plot loss = Panel(log, ["loss"]);
        loss.YLabel("loss on answers in nats a token", size: 15);
        loss.Title("Training of the nano model", size: 18);
        using Plot accuracy = Panel(log, NanoProbe.Columns);
        accuracy.YLabel("right answers at the longest length so far", size: 15);
        accuracy.XLabel("minutes", size: 15);
        accuracy.Axes.SetLimitsY(-0.03, 1.03);
        Multiplot picture = new();
        // One empty panel is there from the start.
        picture.RemovePlot(picture.GetPlot(0));
        picture.AddPlot(loss);
        picture.AddPlot(accuracy);
        picture.Layout = new Rows();
        picture.SavePng(pngPath, Width, Height);
    }

    private static Plot Panel(IReadOnlyList<string> log, IEnumerable<string> columns)
    {
        Plot plot = new();
        foreach (string column in columns)
        {
            (double[] minutes, double[] values) = NanoLog.Column(log, column);
            if (minutes.Length == 0)
                continue;
            ScottPlot.Plottables.Scatter line = plot.Add.Scatter(minutes, values);
            (line.LegendText, line.LineWidth, line.MarkerSize) = (column, 2, 5);
        }

        plot.ShowLegend(Edge.Right);
        return plot;
    }
}
