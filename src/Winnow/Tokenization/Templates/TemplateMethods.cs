namespace Winnow.Tokenization.Templates;

/// <summary>Methods of strings, lists and mappings that templates call.</summary>
internal static class TemplateMethods
{
    public static object? Call(TemplateContext context, object? target, string name, TemplateArguments arguments)
    {
        switch (target)
        {
            case string text:
                return OnString(context, text, name, arguments);
            case List<object?> list:
                return OnList(context, list, name, arguments);
            case TemplateMap map:
                return OnMap(context, map, name, arguments);
            case Undefined undefined:
                throw context.Error($"'{undefined.Name}' is undefined, so it has no method '{name}'");
            default:
                throw Missing(context, target, name);
        }
    }

    /// <summary>Pairs of a mapping as lists of two.</summary>
    public static List<object?> Pairs(TemplateContext context, TemplateMap map)
    {
        context.Step(context.Line, map.Count);
        return [.. map.Select(pair => (object?)new List<object?> { pair.Key, pair.Value })];
    }

    public static string Replace(TemplateContext context, string text, string from, string to, long count)
    {
        if (from.Length == 0)
            throw context.Error("replace() needs a text to look for");
        var result = new System.Text.StringBuilder();
        int position = 0;
        for (; count != 0; count--)
        {
            int found = text.IndexOf(from, position, StringComparison.Ordinal);
            if (found < 0)
                break;
            context.Charge(to.Length + found - position);
            result.Append(text, position, found - position).Append(to);
            position = found + from.Length;
        }
        context.Charge(text.Length - position);
        return result.Append(text, position, text.Length - position).ToString();
    }

    public static string Capitalize(string text) => text.Length == 0 ? text : char.ToUpperInvariant(text[0]) + text[1..].ToLowerInvariant();

    public static string Title(string text)
    {
        char[] letters = text.ToCharArray();
        for (int i = 0; i < letters.Length; i++)
            letters[i] = i > 0 && char.IsLetter(letters[i - 1]) ? char.ToLowerInvariant(letters[i]) : char.ToUpperInvariant(letters[i]);
        return new string(letters);
    }

    private static object? OnString(TemplateContext context, string text, string name, TemplateArguments arguments)
    {
        context.Charge(text.Length);
        char[]? strip = arguments.Get(0, "chars") is string chars ? chars.ToCharArray() : null;
        return name switch
        {
            "strip" => text.Trim(strip),
            "lstrip" => text.TrimStart(strip),
            "rstrip" => text.TrimEnd(strip),
            "upper" => text.ToUpperInvariant(),
            "lower" => text.ToLowerInvariant(),
            "capitalize" => Capitalize(text),
            "title" => Title(text),
            "startswith" => AnyOf(context, arguments, part => text.StartsWith(part, StringComparison.Ordinal)),
            "endswith" => AnyOf(context, arguments, part => text.EndsWith(part, StringComparison.Ordinal)),
            "find" => (long)text.IndexOf(Text(context, arguments, 0, name), StringComparison.Ordinal),
            "rfind" => (long)text.LastIndexOf(Text(context, arguments, 0, name), StringComparison.Ordinal),
            "count" => Count(text, Text(context, arguments, 0, name)),
            "replace" => Replace(context, text, Text(context, arguments, 0, name), Text(context, arguments, 1, name), arguments.Get(2, "count") is long n ? n : -1),
            "split" => Split(context, text, arguments, fromEnd: false),
            "rsplit" => Split(context, text, arguments, fromEnd: true),
            "splitlines" => Listed(context, text.TrimEnd('\n').Split('\n')),
            "join" => TemplateFilters.Join(context, arguments.Get(0, "iterable"), text, null),
            "removeprefix" => Text(context, arguments, 0, name) is var head && text.StartsWith(head, StringComparison.Ordinal) ? text[head.Length..] : text,
            "removesuffix" => Text(context, arguments, 0, name) is var tail && text.EndsWith(tail, StringComparison.Ordinal) ? text[..^tail.Length] : text,
            "isdigit" => text.Length > 0 && text.All(char.IsDigit),
            "isalpha" => text.Length > 0 && text.All(char.IsLetter),
            "isspace" => text.Length > 0 && text.All(char.IsWhiteSpace),
            _ => throw Missing(context, text, name),
        };
    }

    private static object? OnList(TemplateContext context, List<object?> list, string name, TemplateArguments arguments)
    {
        context.Charge(8);
        switch (name)
        {
            case "append":
                list.Add(arguments.Get(0, "object"));
                return null;
            case "extend":
                list.AddRange(TemplateValues.Items(context, arguments.Get(0, "iterable")));
                return null;
            case "insert" when arguments.Get(0, "index") is long index:
                list.Insert((int)Math.Clamp(index < 0 ? index + list.Count : index, 0, list.Count), arguments.Get(1, "object"));
                return null;
            case "pop" when list.Count > 0:
                long place = arguments.Get(0, "index") is long at ? at : -1;
                place = place < 0 ? place + list.Count : place;
                if (place < 0 || place >= list.Count)
                    throw context.Error($"pop() from outside a list of {list.Count}");
                object? item = list[(int)place];
                list.RemoveAt((int)place);
                return item;
            case "index":
                int found = list.FindIndex(other => TemplateValues.AreEqual(context, other, arguments.Get(0, "value")));
                return found >= 0 ? (long)found : throw context.Error("index() did not find the value in the list");
            case "count":
                return (long)list.Count(other => TemplateValues.AreEqual(context, other, arguments.Get(0, "value")));
            default:
                throw Missing(context, list, name);
        }
    }

    private static object? OnMap(TemplateContext context, TemplateMap map, string name, TemplateArguments arguments)
    {
        switch (name)
        {
            case "get":
                return arguments.Get(0, "key") is string key && map.TryGetValue(key, out object? value) ? value : arguments.Get(1, "default");
            case "items":
                return Pairs(context, map);
            case "keys":
                return TemplateValues.Items(context, map);
            case "values":
                context.Step(context.Line, map.Count);
                return (List<object?>)[.. map.Values];
            case "update" when arguments.Get(0, "other") is TemplateMap other:
                foreach ((string item, object? content) in other.ToList())
                    map[item] = content;
                return null;
            default:
                throw Missing(context, map, name);
        }
    }

    private static bool AnyOf(TemplateContext context, TemplateArguments arguments, Func<string, bool> holds) => arguments.Get(0, "prefix") switch
    {
        string part => holds(part),
        List<object?> parts => parts.OfType<string>().Any(holds),
        var other => throw context.Error($"startswith() and endswith() need a string, not {TemplateValues.TypeName(other)}"),
    };

    private static long Count(string text, string part)
    {
        long count = part.Length == 0 ? text.Length + 1 : 0;
        for (int i = 0; part.Length > 0 && (i = text.IndexOf(part, i, StringComparison.Ordinal)) >= 0; i += part.Length)
            count++;
        return count;
    }

    private static List<object?> Split(TemplateContext context, string text, TemplateArguments arguments, bool fromEnd)
    {
        int most = arguments.Get(1, "maxsplit") is long limit and >= 0 and < int.MaxValue ? (int)limit + 1 : int.MaxValue;
        if (arguments.Get(0, "sep") is not string separator)
        {
            string[] words = text.Split((char[]?)null, most, StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
            return Listed(context, words);
        }
        if (separator.Length == 0)
            throw context.Error("split() needs a separator that is not empty");
        if (!fromEnd || most == int.MaxValue)
            return Listed(context, text.Split(separator, most));
        string[] parts = text.Split(separator);
        int kept = Math.Max(0, parts.Length - most + 1);
        return Listed(context, [string.Join(separator, parts[..kept]), .. parts[kept..]]);
    }

    private static List<object?> Listed(TemplateContext context, string[] parts)
    {
        context.Step(context.Line, parts.Length);
        context.Charge(8L * parts.Length);
        return [.. parts];
    }

    private static string Text(TemplateContext context, TemplateArguments arguments, int index, string method) =>
        index < arguments.Positional.Count && arguments.Positional[index] is string text
            ? text
            : throw context.Error($"{method}() needs a string as argument {index + 1}");

    private static WinnowException Missing(TemplateContext context, object? target, string name) =>
        context.Error($"{TemplateValues.TypeName(target)} has no method '{name}' that fits these arguments");
}
