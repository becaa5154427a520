using System.Globalization;
using BenchmarkDotNet.Columns;
using BenchmarkDotNet.Parameters;
using BenchmarkDotNet.Reports;
using BenchmarkDotNet.Running;

namespace Winnow.Bench;

/// <summary>A column of work per time, in billions a second.</summary>
/// <param name="name">Heading.</param>
/// <param name="legend">What is divided by what.</param>
/// <param name="amount">The part of the work that is counted.</param>
internal sealed class RateColumn(string name, string legend, Func<Work, long> amount) : IColumn
{
    public string Id => nameof(RateColumn) + name;

    public string ColumnName => name;

    public bool AlwaysShow => true;

    public ColumnCategory Category => ColumnCategory.Statistics;

    public int PriorityInCategory => 1;

    public bool IsNumeric => true;

    public UnitType UnitType => UnitType.Dimensionless;

    public string Legend => legend;

    public bool IsAvailable(Summary summary) => summary.BenchmarksCases.Any(each => Amount(each) > 0);

    public bool IsDefault(Summary summary, BenchmarkCase benchmarkCase) => false;

    public string GetValue(Summary summary, BenchmarkCase benchmarkCase) => GetValue(summary, benchmarkCase, SummaryStyle.Default);

    public string GetValue(Summary summary, BenchmarkCase benchmarkCase, SummaryStyle style)
    {
        // A billion a second is one a nanosecond, the unit of the statistics.
        double? nanoseconds = summary[benchmarkCase]?.ResultStatistics?.Mean;
        long each = Amount(benchmarkCase);
        return nanoseconds is null || each == 0 ? "-" : (each / nanoseconds.Value).ToString("F1", CultureInfo.InvariantCulture);
    }

    private long Amount(BenchmarkCase benchmark)
    {
        if (Activator.CreateInstance(benchmark.Descriptor.Type) is not IWork instance)
            return 0;
        foreach (ParameterInstance parameter in benchmark.Parameters.Items)
            benchmark.Descriptor.Type.GetProperty(parameter.Name)!.SetValue(instance, parameter.Value);
        return amount(instance.Of(benchmark.Descriptor.WorkloadMethod.Name));
    }
}
