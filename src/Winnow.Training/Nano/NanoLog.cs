using System.Globalization;

namespace Winnow.Training.Nano;

/// <summary>The log of a run: one line of comma-separated values for each look at accuracy.</summary>
internal static class NanoLog
{
    private const int FixedColumns = 6;

    /// <summary>Names of the columns.</summary>
    public static string Header { get; } = "step,seconds,tokens,loss,tokens_per_second,length," + string.Join(',', NanoProbe.Columns);

    /// <summary>One line.</summary>
    public static string Line(long step, double seconds, long tokens, double loss, double speed, int length, IEnumerable<double> shares) => string.Create(
        CultureInfo.InvariantCulture,
        $"{step},{seconds:0.0},{tokens},{loss:0.0000},{speed:0},{length},{string.Join(',', shares.Select(share => share.ToString("0.0000", CultureInfo.InvariantCulture)))}");

    /// <summary>One column as points over minutes.</summary>
    /// <param name="log">Header and lines.</param>
    /// <param name="column">Name of the column.</param>
    public static (double[] Minutes, double[] Values) Column(IReadOnlyList<string> log, string column)
    {
        int index = Array.IndexOf(log[0].Split(','), column);
        string[][] lines = [.. log.Skip(1).Select(line => line.Split(',')).Where(fields => fields.Length > FixedColumns)];
        double Number(string text) => double.Parse(text, CultureInfo.InvariantCulture);
        return ([.. lines.Select(fields => Number(fields[1]) / 60)], [.. lines.Select(fields => Number(fields[index]))]);
    }
}
