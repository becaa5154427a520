using System.Globalization;

namespace Winnow.Tokenization.Templates;

/// <summary>The functions every template can call.</summary>
internal static class TemplateGlobals
{
    private const long LongestRange = 1_000_000;

    /// <summary>A scope that holds the functions.</summary>
    public static TemplateScope Create(TimeProvider clock)
    {
        var scope = new TemplateScope(null);
        void Add(string name, Func<TemplateContext, TemplateArguments, object?> body) => scope.Set(name, new TemplateFunction(name, body));
        Add("raise_exception", (context, arguments) =>
            throw context.Error($"the template refuses: {TemplateValues.Text(context, arguments.Get(0, "message", ""))}"));
        Add("range", Range);
        Add("namespace", (_, arguments) => Fill(new TemplateNamespace(), arguments));
        Add("dict", (_, arguments) => Fill(new TemplateMap(), arguments));
        Add("strftime_now", (context, arguments) =>
            Format(clock.GetLocalNow(), TemplateValues.Text(context, arguments.Get(0, "format", "%Y-%m-%d"))));
        return scope;
    }

    /// <summary>A date by the C library's format letters, in English.</summary>
    public static string Format(DateTimeOffset time, string format)
    {
        var text = new System.Text.StringBuilder();
        for (int i = 0; i < format.Length; i++)
        {
            if (format[i] != '%' || i + 1 == format.Length)
                text.Append(format[i]);
            else
                text.Append(Letter(time, format[++i]));
        }
        return text.ToString();
    }

    private static string Letter(DateTimeOffset time, char letter)
    {
        string? pattern = letter switch
        {
            'Y' => "yyyy",
            'y' => "yy",
            'm' => "MM",
            'd' => "dd",
            'B' => "MMMM",
            'b' => "MMM",
            'A' => "dddd",
            'a' => "ddd",
            'H' => "HH",
            'I' => "hh",
            'M' => "mm",
            'S' => "ss",
            'p' => "tt",
            'F' => "yyyy-MM-dd",
            'T' => "HH:mm:ss",
            _ => null,
        };
        if (pattern is not null)
            return time.ToString(pattern, CultureInfo.InvariantCulture);
        return letter switch
        {
            'j' => time.DayOfYear.ToString("D3", CultureInfo.InvariantCulture),
            '%' => "%",
            _ => "%" + letter,
        };
    }

    private static List<object?> Range(TemplateContext context, TemplateArguments arguments)
    {
        long[] bounds = [.. arguments.Positional.Select(value => value as long? ?? throw context.Error("range() needs whole numbers"))];
        (long start, long stop, long step) = bounds.Length switch
        {
            1 => (0, bounds[0], 1),
            2 => (bounds[0], bounds[1], 1),
            3 => (bounds[0], bounds[1], bounds[2]),
            _ => throw context.Error("range() needs one to three numbers"),
        };
        if (step == 0)
            throw context.Error("range() cannot have step 0");
        Int128 span = step > 0 ? (Int128)stop - start : (Int128)start - stop;
        Int128 count = span <= 0 ? 0 : (span - 1) / Int128.Abs(step) + 1;
        if (count > LongestRange)
            throw context.Error($"range() of {count} numbers is longer than {LongestRange}");
        context.Step(context.Line, (int)count);
        return [.. Enumerable.Range(0, (int)count).Select(i => (object?)(start + (i * step)))];
    }

    private static TemplateMap Fill(TemplateMap map, TemplateArguments arguments)
    {
        if (arguments.Positional is [TemplateMap first, ..])
        {
            foreach ((string key, object? value) in first)
                map[key] = value;
        }
        foreach ((string key, object? value) in arguments.Named)
            map[key] = value;
        return map;
    }
}
