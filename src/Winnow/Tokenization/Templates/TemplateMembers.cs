namespace Winnow.Tokenization.Templates;

/// <summary>Items, attributes and slices.</summary>
internal static class TemplateMembers
{
    /// <summary>The item or attribute, or Undefined where there is none.</summary>
    public static object? Get(TemplateContext context, object? target, object? key)
    {
        switch (target)
        {
            case TemplateMap map when key is string name:
                return map.TryGetValue(name, out object? value) ? value : new Undefined(name);
            case List<object?> list when key is long index:
                return Wrap(index, list.Count) is int at ? list[at] : new Undefined($"[{index}]");
            case string text when key is long index:
                return Wrap(index, text.Length) is int place ? text[place].ToString() : new Undefined($"[{index}]");
            case Undefined undefined:
                throw context.Error($"'{undefined.Name}' is undefined, so it has no '{TemplateValues.Text(context, key)}'");
            default:
                return new Undefined(TemplateValues.Text(context, key));
        }
    }

    public static object Slice(TemplateContext context, object? target, object? start, object? stop, object? step)
    {
        int length = target switch
        {
            string text => text.Length,
            List<object?> list => list.Count,
            _ => throw context.Error($"{TemplateValues.TypeName(target)} cannot be sliced"),
        };
        long by = Bound(context, step) ?? 1;
        if (by == 0)
            throw context.Error("a slice cannot have step 0");
        int from = by > 0 ? Clip(Bound(context, start) ?? 0, length, 0, length) : Clip(Bound(context, start) ?? length - 1, length, -1, length - 1);
        int to = by > 0
            ? Clip(Bound(context, stop) ?? length, length, 0, length)
            : Bound(context, stop) is long end ? Clip(end, length, -1, length - 1) : -1;
        var places = new List<int>();
        for (long i = from; by > 0 ? i < to : i > to; i += by)
            places.Add((int)i);
        context.Step(context.Line, places.Count);
        context.Charge(places.Count);
        return target is string source
            ? string.Concat(places.Select(place => source[place]))
            : places.Select(place => ((List<object?>)target)[place]).ToList();
    }

    private static int? Wrap(long index, int length)
    {
        if (index < 0)
            index += length;
        return index >= 0 && index < length ? (int)index : null;
    }

    private static int Clip(long index, int length, int least, int most) =>
        (int)Math.Clamp(index < 0 ? Math.Max(index, -1L - length) + length : index, least, most);

    private static long? Bound(TemplateContext context, object? value) => value switch
    {
        null => null,
        long index => Math.Clamp(index, int.MinValue, int.MaxValue),
        _ => throw context.Error($"a slice needs whole numbers, not {TemplateValues.TypeName(value)}"),
    };
}
