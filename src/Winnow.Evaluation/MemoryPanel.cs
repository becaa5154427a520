using ScottPlot;
using ScottPlot.Plottables;

namespace Winnow.Evaluation;

/// <summary>A point of a picture.</summary>
/// <param name="Bytes">Bytes of keys and values.</param>
/// <param name="Quality">What is drawn upwards.</param>
/// <param name="Spread">Where the quality lies with some confidence, if that is known.</param>
internal sealed record PlotPoint(double Bytes, double Quality, Interval? Spread = null);

/// <summary>A policy over its budgets.</summary>
internal sealed record PlotLine(string Name, IReadOnlyList<PlotPoint> Points);

/// <summary>Quality against memory, one line a policy: the panel that all such pictures are made of.</summary>
internal static class MemoryPanel
{
    /// <summary>What the memory axis is called.</summary>
    public const string BytesLabel = "keys and values after the prompt in MiB";

    private const double Mebi = 1024 * 1024;

    private static readonly MarkerShape[] s_markers =
    [
        MarkerShape.FilledCircle, MarkerShape.FilledSquare, MarkerShape.FilledTriangleUp, MarkerShape.FilledDiamond, MarkerShape.FilledTriangleDown,
        MarkerShape.OpenCircle, MarkerShape.OpenSquare, MarkerShape.OpenTriangleUp, MarkerShape.OpenDiamond, MarkerShape.OpenTriangleDown,
    ];

    /// <summary>Draws lines, and the full cache as a dashed mark where it was measured.</summary>
    public static Plot Draw(IReadOnlyList<PlotLine> lines, PlotPoint? full)
    {
        Plot plot = new();
        if (full is not null)
            DrawFull(plot, full);
        // Twenty colours and ten shapes make all policies and wrappers of the catalogue different.
        IPalette colours = lines.Count > 10 ? new ScottPlot.Palettes.Category20() : new ScottPlot.Palettes.Category10();
        for (int i = 0; i < lines.Count; i++)
            DrawLine(plot, lines[i], colours.GetColor(i), s_markers[i % s_markers.Length]);
        IEnumerable<double> bytes = lines.SelectMany(line => line.Points).Append(full).Select(point => point?.Bytes ?? 0);
        plot.Axes.SetLimitsX(0, Math.Max(bytes.Max() / Mebi, 1e-6) * 1.05);
        foreach (IAxis axis in (IAxis[])[plot.Axes.Left, plot.Axes.Bottom])
            axis.TickLabelStyle.FontSize = 14;
        plot.Legend.FontSize = 15;
        return plot;
    }

    /// <summary>Pixels that a legend right of the panel takes.</summary>
    public static float RoomForLegend(IEnumerable<string> names, int width) => Math.Clamp(90 + names.Max(name => name.Length) * 9, 180, width / 2);

    /// <summary>Writes a picture.</summary>
    /// <exception cref="WinnowException">The file cannot be written.</exception>
    public static void Write(Action save, string pngPath)
    {
        try
        {
            save();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new WinnowException($"{pngPath}: the plot cannot be written: {e.Message}");
        }
    }

    private static void DrawFull(Plot plot, PlotPoint full)
    {
        double at = full.Bytes / Mebi;
        VerticalLine line = plot.Add.VerticalLine(at, 1, Colors.Gray, LinePattern.Dashed);
        line.ExcludeFromLegend = true;
        Scatter reference = plot.Add.ScatterPoints(new[] { at }, new[] { full.Quality }, Colors.Black);
        (reference.LegendText, reference.MarkerShape, reference.MarkerSize) = ("full cache", MarkerShape.Asterisk, 16);
        reference.MarkerLineWidth = 2;
    }

    private static void DrawLine(Plot plot, PlotLine line, Color colour, MarkerShape marker)
    {
        PlotPoint[] points = [.. line.Points.OrderBy(point => point.Bytes)];
        foreach (PlotPoint point in points)
        {
            if (point.Spread is { } spread)
                plot.Add.Line(point.Bytes / Mebi, spread.Low, point.Bytes / Mebi, spread.High).Color = colour.WithAlpha(0.35);
        }

        Scatter scatter = plot.Add.Scatter(points.Select(point => point.Bytes / Mebi).ToArray(), points.Select(point => point.Quality).ToArray(), colour);
        (scatter.LegendText, scatter.LineWidth, scatter.MarkerSize) = (line.Name, 2, 11);
        scatter.MarkerShape = marker;
        scatter.MarkerLineWidth = 2;
    }
}
