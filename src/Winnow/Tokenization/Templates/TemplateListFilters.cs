namespace Winnow.Tokenization.Templates;

/// <summary>Filters that work on every item of a list.</summary>
internal static class TemplateListFilters
{
    public static object? Map(TemplateContext context, object? value, TemplateArguments arguments)
    {
        List<object?> items = TemplateValues.Items(context, value);
        if (arguments.Named.TryGetValue("attribute", out object? attribute))
        {
            bool hasFallback = arguments.Named.TryGetValue("default", out object? fallback);
            return items.Select(item => Attribute(context, item, attribute) is var found && hasFallback && found is Undefined ? fallback : found).ToList();
        }
        if (arguments.Get(0, "filter") is not string filter)
            throw context.Error("'map' needs the name of a filter or attribute=");
        TemplateArguments rest = arguments.Skip(1);
        return items.Select(item => TemplateFilters.Apply(context, filter, item, rest)).ToList();
    }

    public static object? Select(TemplateContext context, object? value, TemplateArguments arguments, bool byAttribute, bool wanted)
    {
        object? attribute = byAttribute ? arguments.Get(0, "attribute") ?? throw context.Error("selectattr and rejectattr need an attribute") : null;
        TemplateArguments rest = arguments.Skip(byAttribute ? 1 : 0);
        return TemplateValues.Items(context, value).Where(item =>
        {
            object? tested = byAttribute ? Attribute(context, item, attribute) : item;
            bool holds = rest.Positional.Count == 0
                ? TemplateValues.IsTrue(tested)
                : TemplateTests.Holds(context, TemplateValues.Text(context, rest.Positional[0]), tested, rest.Skip(1));
            return holds == wanted;
        }).ToList();
    }

    public static object? Sort(TemplateContext context, object? value, TemplateArguments arguments)
    {
        bool reverse = TemplateValues.IsTrue(arguments.Get(0, "reverse", false));
        bool caseSensitive = TemplateValues.IsTrue(arguments.Get(1, "case_sensitive", false));
        object? attribute = arguments.Get(2, "attribute");
        object? Key(object? item)
        {
            object? key = attribute is null ? item : Attribute(context, item, attribute);
            return key is string text && !caseSensitive ? text.ToLowerInvariant() : key;
        }

        List<(object? Key, object? Item)> keyed = [.. TemplateValues.Items(context, value).Select(item => (Key(item), item))];
        var order = Comparer<object?>.Create((left, right) => TemplateValues.Compare(context, left, right));
        try
        {
            return (reverse ? keyed.OrderByDescending(pair => pair.Key, order) : keyed.OrderBy(pair => pair.Key, order))
                .Select(pair => pair.Item).ToList();
        }
        catch (InvalidOperationException error) when (error.InnerException is WinnowException inner)
        {
            // The framework's sort wraps what its comparer throws.
            throw new WinnowException(inner.Message, inner);
        }
    }

    public static object? Unique(TemplateContext context, object? value, TemplateArguments arguments)
    {
        object? attribute = arguments.Get(1, "attribute");
        var kept = new List<object?>();
        var keys = new List<object?>();
        foreach (object? item in TemplateValues.Items(context, value))
        {
            object? key = attribute is null ? item : Attribute(context, item, attribute);
            if (keys.Exists(other => TemplateValues.AreEqual(context, other, key)))
                continue;
            keys.Add(key);
            kept.Add(item);
        }
        return kept;
    }

    public static object? Extreme(TemplateContext context, object? value, int sign)
    {
        List<object?> items = TemplateValues.Items(context, value);
        object? best = items.Count == 0 ? new Undefined("min or max of nothing") : items[0];
        foreach (object? item in items.Skip(1))
        {
            if (Math.Sign(TemplateValues.Compare(context, item, best)) == sign)
                best = item;
        }
        return best;
    }

    /// <summary>An attribute, or a path of several with dots between.</summary>
    private static object? Attribute(TemplateContext context, object? item, object? attribute)
    {
        if (attribute is not string path || !path.Contains('.'))
            return TemplateMembers.Get(context, item, attribute);
        foreach (string name in path.Split('.'))
            item = TemplateMembers.Get(context, item, name);
        return item;
    }
}
