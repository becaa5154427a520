using System.Globalization;

namespace Winnow.Cli.Rendering;

/// <summary>Numbers for people, in invariant culture.</summary>
internal static class Figures
{
    /// <summary>Bytes in binary units.</summary>
    public static string Bytes(double bytes)
    {
        string[] units = ["B", "KiB", "MiB", "GiB", "TiB"];
        int unit = 0;
        while (bytes >= 1024 && unit < units.Length - 1)
            (bytes, unit) = (bytes / 1024, unit + 1);
        return Short(bytes) + " " + units[unit];
    }

    /// <summary>A count with thousands separated.</summary>
    public static string Count(double count) => count.ToString("#,0.#", CultureInfo.InvariantCulture);

    /// <summary>A whole count with thousands separated.</summary>
    public static string Whole(double count) => Math.Round(count).ToString("#,0", CultureInfo.InvariantCulture);

    /// <summary>A speed; a dash when nothing was measured.</summary>
    public static string Rate(double perSecond) => perSecond > 0 ? Short(perSecond) : "–";

    /// <summary>A share of one in percent.</summary>
    public static string Percent(double share) => (share * 100).ToString("0.#", CultureInfo.InvariantCulture) + " %";

    /// <summary>Three digits that matter.</summary>
    public static string Short(double value) => value switch
    {
        >= 100 => value.ToString("#,0", CultureInfo.InvariantCulture),
        >= 10 => value.ToString("0.0", CultureInfo.InvariantCulture),
        _ => value.ToString("0.##", CultureInfo.InvariantCulture),
    };

    /// <summary>A measured figure as JSON has it: no more digits than the measurement is worth, and never infinite.</summary>
    public static double Measured(double value) => double.IsFinite(value) ? Math.Round(value, 3) : 0;
}
