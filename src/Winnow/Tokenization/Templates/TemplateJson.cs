using System.Globalization;
using System.Text;

namespace Winnow.Tokenization.Templates;

/// <summary>The filter <c>tojson</c>, in the form chat templates are trained on: spaces after commas and colons, no escapes but the needed ones.</summary>
internal static class TemplateJson
{
    private const int DepthLimit = 64;

    public static string Write(TemplateContext context, object? value, int? indent)
    {
        var text = new StringBuilder();
        Write(context, value, indent, text, 0);
        return text.ToString();
    }

    private static void Write(TemplateContext context, object? value, int? indent, StringBuilder text, int depth)
    {
        context.Step(context.Line);
        if (depth > DepthLimit)
            throw context.Error("values are nested too deeply for tojson");
        context.Charge(4 + ((indent ?? 0) * depth));
        switch (value)
        {
            case null:
                text.Append("null");
                break;
            case bool flag:
                text.Append(flag ? "true" : "false");
                break;
            case long integer:
                text.Append(integer.ToString(CultureInfo.InvariantCulture));
                break;
            case double real:
                text.Append(TemplateValues.Real(real));
                break;
            case string part:
                context.Charge(part.Length);
                WriteString(part, text);
                break;
            case List<object?> list:
                WriteItems(list, '[', ']', indent, text, depth, item => Write(context, item, indent, text, depth + 1));
                break;
            case TemplateMap map:
                WriteItems(map, '{', '}', indent, text, depth, pair =>
                {
                    context.Charge(pair.Key.Length);
                    WriteString(pair.Key, text);
                    text.Append(": ");
                    Write(context, pair.Value, indent, text, depth + 1);
                });
                break;
            default:
                throw context.Error($"tojson cannot write {TemplateValues.TypeName(value)}");
        }
    }

    private static void WriteItems<T>(ICollection<T> items, char open, char close, int? indent, StringBuilder text, int depth, Action<T> write)
    {
        text.Append(open);
        bool first = true;
        foreach (T item in items)
        {
            if (!first)
                text.Append(indent is null ? ", " : ",");
            first = false;
            if (indent is int width)
                text.Append('\n').Append(' ', width * (depth + 1));
            write(item);
        }
        if (indent is int outer && items.Count > 0)
            text.Append('\n').Append(' ', outer * depth);
        text.Append(close);
    }

    private static void WriteString(string part, StringBuilder text)
    {
        text.Append('"');
        foreach (char letter in part)
        {
            _ = letter switch
            {
                '"' => text.Append("\\\""),
                '\\' => text.Append(@"\\"),
                '\n' => text.Append(@"\n"),
                '\r' => text.Append(@"\r"),
                '\t' => text.Append(@"\t"),
                '\b' => text.Append(@"\b"),
                '\f' => text.Append(@"\f"),
                < ' ' => text.Append(CultureInfo.InvariantCulture, $"\\u{(int)letter:x4}"),
                _ => text.Append(letter),
            };
        }
        text.Append('"');
    }
}
