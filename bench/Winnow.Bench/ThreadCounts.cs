using System.Globalization;

namespace Winnow.Bench;

/// <summary>Values of the parameter <c>Threads</c>: all processors, unless <c>--threads</c> says otherwise.</summary>
public static class ThreadCounts
{
    private const string Option = "--threads";

    /// <summary>The numbers of threads to measure with.</summary>
    public static IEnumerable<int> All { get; private set; } = [Environment.ProcessorCount];

    /// <summary>Reads <c>--threads N[,N…]</c>, which BenchmarkDotNet does not know, and returns the other arguments.</summary>
    internal static string[] Take(string[] args)
    {
        if (args.Any(arg => arg is "--help" or "-h"))
            Console.WriteLine($"  {Option,-32}Numbers of threads, with commas between them; all processors ({Environment.ProcessorCount}) if left out.");
        int at = Array.IndexOf(args, Option);
        if (at < 0)
            return args;
        string[] numbers = at + 1 < args.Length ? args[at + 1].Split(',') : [];
        All = [.. numbers.Select(text => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int number) ? number : 0)];
        if (!All.Any() || All.Any(number => number is < 1 or > 1024))
        {
            Console.Error.WriteLine($"{Option} takes numbers from 1 to 1024 with commas between them, such as {Option} 1,2");
            Environment.Exit(2);
        }

        return [.. args[..at], .. args[(at + 2)..]];
    }
}
