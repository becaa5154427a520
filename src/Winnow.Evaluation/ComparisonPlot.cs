using System.Globalization;
using ScottPlot;
using ScottPlot.MultiplotLayouts;
using ScottPlot.Plottables;
using ScottPlot.TickGenerators;

namespace Winnow.Evaluation;

/// <summary>Draws a comparison as a picture of quality against memory: agreement above, divergence below, one line a policy over its budgets.</summary>
public static class ComparisonPlot
{
    private const int Width = 1200;
    private const int Height = 900;
    private const double Mebi = 1024 * 1024;

    private static readonly MarkerShape[] s_markers =
    [
        MarkerShape.FilledCircle, MarkerShape.FilledSquare, MarkerShape.FilledTriangleUp, MarkerShape.FilledDiamond, MarkerShape.FilledTriangleDown,
        MarkerShape.OpenCircle, MarkerShape.OpenSquare, MarkerShape.OpenTriangleUp, MarkerShape.OpenDiamond, MarkerShape.OpenTriangleDown,
    ];

    /// <summary>Writes a PNG.</summary>
    /// <param name="report">The comparison; rows of one policy text make one line.</param>
    /// <param name="pngPath">File to write; one that is there is replaced.</param>
    /// <exception cref="WinnowException">The file cannot be written.</exception>
    public static void Save(ComparisonReport report, string pngPath)
    {
        using Plot agreement = Panel(report, row => row.AgreementTop1 * 100);
        agreement.Title(
            string.Create(CultureInfo.InvariantCulture, $"{report.Model}, prompt of {report.PromptTokens} tokens, cache of {report.Entries}"), size: 18);
        agreement.YLabel("top-1 agreement in %", size: 15);
        double worst = report.Rows.Min(row => row.AgreementTop1) * 100;
        agreement.Axes.SetLimitsY(Math.Max(-4, worst - 8), 104);
        agreement.ShowLegend(Edge.Right);

        DecadeScale scale = DecadeScale.Over(report.Rows.Select(row => row.KlDivergence));
        using Plot divergence = Panel(report, row => scale.Place(row.KlDivergence));
        divergence.YLabel("KL from full in nats", size: 15);
        divergence.HideLegend();
        divergence.XLabel("keys and values after the prompt in MiB", size: 15);
        divergence.Axes.Left.TickGenerator = scale.Ticks();
        divergence.Axes.SetLimitsY(scale.Lowest - 0.15, scale.Highest + 0.15);

        Stack(report, agreement, divergence, pngPath);
    }

    private static Plot Panel(ComparisonReport report, Func<ComparisonRow, double> quality)
    {
        Plot plot = new();
        ScottPlot.Palettes.Category10 colours = new();
        double full = report.Rows[0].KvBytesFull / Mebi;
        VerticalLine line = plot.Add.VerticalLine(full, 1, Colors.Gray, LinePattern.Dashed);
        line.ExcludeFromLegend = true;
        Scatter reference = plot.Add.ScatterPoints(new[] { full }, new[] { quality(report.Rows[0]) }, Colors.Black);
        (reference.LegendText, reference.MarkerShape, reference.MarkerSize) = ("full cache", MarkerShape.Asterisk, 16);
        reference.MarkerLineWidth = 2;
        int index = 0;
        foreach (IGrouping<string, ComparisonRow> policy in report.Rows.Skip(1).GroupBy(row => row.Policy))
        {
            ComparisonRow[] rows = [.. policy.OrderBy(row => row.KvBytes)];
            Scatter scatter = plot.Add.Scatter(
                rows.Select(row => row.KvBytes / Mebi).ToArray(), rows.Select(quality).ToArray(), colours.GetColor(index));
            (scatter.LegendText, scatter.LineWidth, scatter.MarkerSize) = (policy.Key, 2, 11);
            scatter.MarkerShape = s_markers[index % s_markers.Length];
            scatter.MarkerLineWidth = 2;
            index++;
        }

        plot.Axes.SetLimitsX(0, Math.Max(full, report.Rows.Max(row => row.KvBytes / Mebi)) * 1.05);
        foreach (IAxis axis in (IAxis[])[plot.Axes.Left, plot.Axes.Bottom])
            axis.TickLabelStyle.FontSize = 14;
        plot.Legend.FontSize = 15;
        return plot;
    }

    /// <summary>Puts one panel above the other with their memory axes in line.</summary>
    private static void Stack(ComparisonReport report, Plot above, Plot below, string pngPath)
    {
        int longest = report.Rows.Max(row => row.Policy.Length);
        // The legend stands right of the upper panel; both leave it the same room.
        float right = Math.Clamp(90 + longest * 9, 180, Width / 2);
        above.Layout.Fixed(new PixelPadding(90, right, 40, 50));
        below.Layout.Fixed(new PixelPadding(90, right, 60, 20));
        Multiplot picture = new();
        // One empty panel is there from the start.
        picture.RemovePlot(picture.GetPlot(0));
        picture.AddPlot(above);
        picture.AddPlot(below);
        picture.Layout = new Rows();
        try
        {
            picture.SavePng(pngPath, Width, Height);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new WinnowException($"{pngPath}: the plot cannot be written: {e.Message}");
        }
    }

    /// <summary>A logarithmic axis whose floor stands for zero and all that is smaller.</summary>
    private sealed record DecadeScale(int Lowest, int Highest)
    {
        public static DecadeScale Over(IEnumerable<double> values)
        {
            double[] visible = [.. values.Where(value => value > 1e-6)];
            if (visible.Length == 0)
                return new DecadeScale(-3, 0);
            int lowest = (int)Math.Floor(Math.Log10(visible.Min())) - 1;
            return new DecadeScale(lowest, Math.Max(lowest + 2, (int)Math.Ceiling(Math.Log10(visible.Max()))));
        }

        public double Place(double value) => value <= 0 ? Lowest : Math.Max(Lowest, Math.Log10(value));

        public NumericManual Ticks()
        {
            NumericManual ticks = new();
            ticks.AddMajor(Lowest, "0");
            for (int decade = Lowest + 1; decade <= Highest; decade++)
                ticks.AddMajor(decade, Math.Pow(10, decade).ToString("0.######", CultureInfo.InvariantCulture));
            return ticks;
        }
    }
}
