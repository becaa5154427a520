using System.Globalization;
using System.Text;

namespace Winnow.Tokenization.Templates;

/// <summary>What may stand after <c>|</c>.</summary>
internal static class TemplateFilters
{
    private delegate object? Body(TemplateContext context, object? value, TemplateArguments arguments);

    private static readonly Dictionary<string, Body> s_filters = new(StringComparer.Ordinal)
    {
        ["trim"] = (context, value, arguments) =>
            TemplateMethods.Call(context, TemplateValues.Text(context, value), "strip", arguments),
        ["upper"] = (context, value, _) => TemplateValues.Text(context, value).ToUpperInvariant(),
        ["lower"] = (context, value, _) => TemplateValues.Text(context, value).ToLowerInvariant(),
        ["capitalize"] = (context, value, _) => TemplateMethods.Capitalize(TemplateValues.Text(context, value)),
        ["title"] = (context, value, _) => TemplateMethods.Title(TemplateValues.Text(context, value)),
        ["string"] = (context, value, _) => TemplateValues.Text(context, value),
        ["safe"] = (_, value, _) => value,
        ["length"] = Length,
        ["count"] = Length,
        ["default"] = Default,
        ["d"] = Default,
        ["tojson"] = (context, value, arguments) =>
            TemplateJson.Write(context, value, arguments.Get(0, "indent") is long indent ? (int)Math.Clamp(indent, 0, 32) : null),
        ["join"] = (context, value, arguments) =>
            Join(context, value, arguments.Get(0, "d") is string separator ? separator : "", arguments.Get(1, "attribute") as string),
        ["first"] = (context, value, _) => TemplateValues.Items(context, value) is { Count: > 0 } items ? items[0] : new Undefined("first"),
        ["last"] = (context, value, _) => TemplateValues.Items(context, value) is { Count: > 0 } items ? items[^1] : new Undefined("last"),
        ["list"] = (context, value, _) => TemplateValues.Items(context, value),
        ["items"] = (context, value, _) => value switch
        {
            TemplateMap map => TemplateMethods.Pairs(context, map),
            Undefined => new List<object?>(),
            _ => throw context.Error($"'items' needs a mapping, not {TemplateValues.TypeName(value)}"),
        },
        ["replace"] = (context, value, arguments) =>
            TemplateMethods.Call(context, TemplateValues.Text(context, value), "replace", arguments),
        ["reverse"] = (context, value, _) =>
        {
            List<object?> items = TemplateValues.Items(context, value);
            items.Reverse();
            return value is string ? string.Concat(items) : items;
        },
        ["sort"] = TemplateListFilters.Sort,
        ["dictsort"] = (context, value, arguments) => TemplateListFilters.Sort(
            context,
            value is TemplateMap map ? TemplateMethods.Pairs(context, map) : value,
            new TemplateArguments([], new Dictionary<string, object?> { ["attribute"] = 0L })),
        ["unique"] = TemplateListFilters.Unique,
        ["min"] = (context, value, _) => TemplateListFilters.Extreme(context, value, -1),
        ["max"] = (context, value, _) => TemplateListFilters.Extreme(context, value, 1),
        ["sum"] = (context, value, _) => TemplateValues.Items(context, value).Aggregate((object?)0L, (sum, item) => TemplateArithmetic.Apply(context, "+", sum, item)),
        ["map"] = TemplateListFilters.Map,
        ["select"] = (context, value, arguments) => TemplateListFilters.Select(context, value, arguments, byAttribute: false, wanted: true),
        ["reject"] = (context, value, arguments) => TemplateListFilters.Select(context, value, arguments, byAttribute: false, wanted: false),
        ["selectattr"] = (context, value, arguments) => TemplateListFilters.Select(context, value, arguments, byAttribute: true, wanted: true),
        ["rejectattr"] = (context, value, arguments) => TemplateListFilters.Select(context, value, arguments, byAttribute: true, wanted: false),
        ["int"] = (_, value, arguments) => ToInteger(value) ?? arguments.Get(0, "default", 0L),
        ["float"] = (_, value, arguments) => ToReal(value) ?? arguments.Get(0, "default", 0.0),
        ["abs"] = (context, value, _) => value switch
        {
            long and not long.MinValue => (object)Math.Abs((long)value),
            double number => Math.Abs(number),
            _ => throw context.Error($"'abs' needs a number, not {TemplateValues.TypeName(value)}"),
        },
        ["round"] = (context, value, arguments) => TemplateValues.TryNumber(value, out double number)
            ? Math.Round(number, arguments.Get(0, "precision") is long digits ? (int)Math.Clamp(digits, 0, 15) : 0, MidpointRounding.AwayFromZero)
            : throw context.Error($"'round' needs a number, not {TemplateValues.TypeName(value)}"),
        ["indent"] = Indent,
    };

    public static bool Exists(string name) => s_filters.ContainsKey(name);

    public static object? Apply(TemplateContext context, string name, object? value, TemplateArguments arguments)
    {
        if (!s_filters.TryGetValue(name, out Body? filter))
            throw context.Error($"the filter '{name}' is not supported");
        if (value is string text)
            context.Charge(text.Length);
        return filter(context, value, arguments);
    }

    public static string Join(TemplateContext context, object? value, string separator, string? attribute)
    {
        var text = new StringBuilder();
        bool first = true;
        foreach (object? item in TemplateValues.Items(context, value))
        {
            string part = TemplateValues.Text(context, attribute is null ? item : TemplateMembers.Get(context, item, attribute));
            context.Charge(part.Length + separator.Length);
            text.Append(first ? "" : separator).Append(part);
            first = false;
        }
        return text.ToString();
    }

    private static object? Length(TemplateContext context, object? value, TemplateArguments arguments) => value switch
    {
        string text => (long)text.Length,
        List<object?> list => (long)list.Count,
        TemplateMap map => (long)map.Count,
        Undefined => 0L,
        _ => throw context.Error($"{TemplateValues.TypeName(value)} has no length"),
    };

    private static object? Default(TemplateContext context, object? value, TemplateArguments arguments)
    {
        bool missing = value is Undefined || (TemplateValues.IsTrue(arguments.Get(1, "boolean", false)) && !TemplateValues.IsTrue(value));
        return missing ? arguments.Get(0, "default_value", "") : value;
    }

    private static string Indent(TemplateContext context, object? value, TemplateArguments arguments)
    {
        string[] lines = TemplateValues.Text(context, value).Split('\n');
        string indent = arguments.Get(0, "width") switch
        {
            string text => text,
            long width => new string(' ', (int)Math.Clamp(width, 0, 64)),
            _ => "    ",
        };
        context.Charge((long)indent.Length * lines.Length);
        bool first = TemplateValues.IsTrue(arguments.Get(1, "first", false));
        bool blank = TemplateValues.IsTrue(arguments.Get(2, "blank", false));
        return string.Join('\n', lines.Select((line, i) => (i == 0 ? first : blank || line.Length > 0) ? indent + line : line));
    }

    private static object? ToInteger(object? value) => value switch
    {
        long => value,
        bool flag => flag ? 1L : 0L,
        double number when Math.Abs(number) < 9e18 => (long)number,
        string text when long.TryParse(text.Trim(), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long whole) => whole,
        string text when double.TryParse(text, CultureInfo.InvariantCulture, out double real) && Math.Abs(real) < 9e18 => (long)real,
        _ => null,
    };

    private static object? ToReal(object? value) => value switch
    {
        string text when double.TryParse(text, CultureInfo.InvariantCulture, out double real) => real,
        _ => TemplateValues.TryNumber(value, out double number) ? number : null,
    };
}
