using System.Globalization;
using System.Text;

namespace Winnow.Tokenization.Templates;

/// <summary>A name that has no value.</summary>
internal sealed record Undefined(string Name);

/// <summary>A mapping that keeps the order of its keys.</summary>
internal class TemplateMap : OrderedDictionary<string, object?>
{
    public TemplateMap()
        : base(StringComparer.Ordinal)
    {
    }
}

/// <summary>A mapping whose items templates may set from inner scopes.</summary>
internal sealed class TemplateNamespace : TemplateMap;

/// <summary>Arguments of a call.</summary>
internal sealed record TemplateArguments(IReadOnlyList<object?> Positional, IReadOnlyDictionary<string, object?> Named)
{
    public static readonly TemplateArguments None = new([], new Dictionary<string, object?>());

    public bool Has(int index, string name) => index < Positional.Count || Named.ContainsKey(name);

    public object? Get(int index, string name, object? fallback = null) =>
        index < Positional.Count ? Positional[index] : Named.TryGetValue(name, out object? value) ? value : fallback;

    public TemplateArguments Skip(int count) => this with { Positional = [.. Positional.Skip(count)] };
}

/// <summary>Something a template can call.</summary>
internal sealed class TemplateFunction(string name, Func<TemplateContext, TemplateArguments, object?> body)
{
    public string Name => name;

    public object? Call(TemplateContext context, TemplateArguments arguments) => body(context, arguments);
}

/// <summary>Python's rules for values, which templates are written against: null, bool, long, double, string, list, map.</summary>
internal static class TemplateValues
{
    private const int DepthLimit = 64;

    public static bool IsTrue(object? value) => value switch
    {
        null or Undefined or false or 0L or 0.0 => false,
        string text => text.Length > 0,
        List<object?> list => list.Count > 0,
        TemplateNamespace => true,
        TemplateMap map => map.Count > 0,
        _ => true,
    };

    public static string TypeName(object? value) => value switch
    {
        null => "none",
        Undefined undefined => $"undefined ('{undefined.Name}')",
        bool => "a boolean",
        long or double => "a number",
        string => "a string",
        List<object?> => "a list",
        TemplateMap => "a mapping",
        _ => "a function",
    };

    public static bool AreEqual(TemplateContext context, object? left, object? right, int depth = 0)
    {
        context.Step(context.Line);
        if (depth > DepthLimit)
            throw context.Error("values are nested too deeply to compare");
        if (TryNumber(left, out double a) && TryNumber(right, out double b))
            return left is long x && right is long y ? x == y : a == b;
        return (left, right) switch
        {
            (string x, string y) => x == y,
            (null, null) or (Undefined, Undefined) => true,
            (List<object?> x, List<object?> y) =>
                x.Count == y.Count && !x.Where((item, i) => !AreEqual(context, item, y[i], depth + 1)).Any(),
            (TemplateMap x, TemplateMap y) =>
                x.Count == y.Count && x.All(pair => y.TryGetValue(pair.Key, out object? other) && AreEqual(context, pair.Value, other, depth + 1)),
            _ => left is not null && ReferenceEquals(left, right),
        };
    }

    public static int Compare(TemplateContext context, object? left, object? right)
    {
        context.Step(context.Line);
        if (TryNumber(left, out double a) && TryNumber(right, out double b))
            return a.CompareTo(b);
        if (left is string x && right is string y)
            return string.CompareOrdinal(x, y);
        throw context.Error($"{TypeName(left)} cannot be ordered against {TypeName(right)}");
    }

    public static bool TryNumber(object? value, out double number)
    {
        number = value switch { long integer => integer, double real => real, true => 1, _ => 0 };
        return value is long or double or bool;
    }

    public static bool Contains(TemplateContext context, object? container, object? item) => container switch
    {
        string text => item is string part ? text.Contains(part, StringComparison.Ordinal) : throw context.Error("only a string can be in a string"),
        List<object?> list => list.Exists(other => AreEqual(context, other, item)),
        TemplateMap map => item is string key && map.ContainsKey(key),
        Undefined => false,
        _ => throw context.Error($"'in' needs a string, a list or a mapping, not {TypeName(container)}"),
    };

    /// <summary>The items that a loop runs over.</summary>
    public static List<object?> Items(TemplateContext context, object? value)
    {
        List<object?> items = value switch
        {
            List<object?> list => [.. list],
            TemplateMap map => [.. map.Keys],
            string text => [.. text.EnumerateRunes().Select(rune => rune.ToString())],
            Undefined => [],
            _ => throw context.Error($"{TypeName(value)} cannot be run over"),
        };
        context.Step(context.Line, items.Count);
        return items;
    }

    /// <summary>The text that output writes.</summary>
    public static string Text(TemplateContext context, object? value) => value switch
    {
        string text => text,
        Undefined => "",
        null => "None",
        bool flag => flag ? "True" : "False",
        long integer => integer.ToString(CultureInfo.InvariantCulture),
        double real => Real(real),
        _ => Literal(context, value),
    };

    public static string Real(double value)
    {
        if (double.IsNaN(value) || double.IsInfinity(value))
            return double.IsNaN(value) ? "nan" : value > 0 ? "inf" : "-inf";
        string text = value.ToString("R", CultureInfo.InvariantCulture);
        return text.AsSpan().ContainsAny('.', 'E') ? text.Replace("E", "e", StringComparison.Ordinal) : text + ".0";
    }

    private static string Literal(TemplateContext context, object? value)
    {
        var text = new StringBuilder();
        WriteLiteral(context, value, text, 0);
        return text.ToString();
    }

    private static void WriteLiteral(TemplateContext context, object? value, StringBuilder text, int depth)
    {
        context.Step(context.Line);
        if (depth > DepthLimit)
            throw context.Error("values are nested too deeply to print");
        int before = text.Length;
        switch (value)
        {
            case string part:
                char quote = part.Contains('\'') && !part.Contains('"') ? '"' : '\'';
                string escaped = part.Replace("\\", @"\\", StringComparison.Ordinal).Replace("\n", @"\n", StringComparison.Ordinal)
                    .Replace("\t", @"\t", StringComparison.Ordinal).Replace("\r", @"\r", StringComparison.Ordinal);
                text.Append(quote).Append(quote == '\'' ? escaped.Replace("'", @"\'", StringComparison.Ordinal) : escaped).Append(quote);
                context.Charge(text.Length - before);
                break;
            case List<object?> list:
                text.Append('[');
                for (int i = 0; i < list.Count; i++)
                    WriteLiteral(context, list[i], i == 0 ? text : text.Append(", "), depth + 1);
                text.Append(']');
                break;
            case TemplateMap map:
                text.Append('{');
                foreach ((string key, object? item) in map)
                {
                    WriteLiteral(context, key, text.Length == before + 1 ? text : text.Append(", "), depth + 1);
                    WriteLiteral(context, item, text.Append(": "), depth + 1);
                }
                text.Append('}');
                break;
            case TemplateFunction function:
                text.Append("<function ").Append(function.Name).Append('>');
                break;
            default:
                text.Append(Text(context, value));
                break;
        }
        context.Charge(4);
    }
}
