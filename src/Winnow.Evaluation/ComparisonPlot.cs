using System.Globalization;
using ScottPlot;
using ScottPlot.MultiplotLayouts;
using ScottPlot.TickGenerators;

namespace Winnow.Evaluation;

/// <summary>Draws a comparison as a picture of quality against memory: agreement above, divergence below, one line a policy over its budgets.</summary>
public static class ComparisonPlot
{
    private const int Width = 1200;
    private const int Height = 900;

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
        divergence.XLabel(MemoryPanel.BytesLabel, size: 15);
        divergence.Axes.Left.TickGenerator = scale.Ticks();
        divergence.Axes.SetLimitsY(scale.Lowest - 0.15, scale.Highest + 0.15);

        Stack(report, agreement, divergence, pngPath);
    }

    private static Plot Panel(ComparisonReport report, Func<ComparisonRow, double> quality)
    {
        ComparisonRow full = report.Rows[0];
        IEnumerable<PlotLine> lines = report.Rows.Skip(1).GroupBy(row => row.Policy)
            .Select(policy => new PlotLine(policy.Key, [.. policy.Select(row => new PlotPoint(row.KvBytes, quality(row)))]));
        return MemoryPanel.Draw([.. lines], new PlotPoint(full.KvBytesFull, quality(full)));
    }

    /// <summary>Puts one panel above the other with their memory axes in line.</summary>
    private static void Stack(ComparisonReport report, Plot above, Plot below, string pngPath)
    {
        // The legend stands right of the upper panel; both leave it the same room.
        float right = MemoryPanel.RoomForLegend(report.Rows.Select(row => row.Policy), Width);
        above.Layout.Fixed(new PixelPadding(90, right, 40, 50));
        below.Layout.Fixed(new PixelPadding(90, right, 60, 20));
        Multiplot picture = new();
        // One empty panel is there from the start.
        picture.RemovePlot(picture.GetPlot(0));
        picture.AddPlot(above);
        picture.AddPlot(below);
        picture.Layout = new Rows();
        MemoryPanel.Write(() => picture.SavePng(pngPath, Width, Height), pngPath);
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
