namespace Winnow.Tokenization.Templates;

/// <summary>What may stand after <c>is</c>.</summary>
internal static class TemplateTests
{
    private static readonly Dictionary<string, Func<TemplateContext, object?, object?, bool>> s_tests = new(StringComparer.Ordinal)
    {
        ["defined"] = (_, value, _) => value is not Undefined,
        ["undefined"] = (_, value, _) => value is Undefined,
        ["none"] = (_, value, _) => value is null,
        ["string"] = (_, value, _) => value is string,
        ["mapping"] = (_, value, _) => value is TemplateMap,
        ["iterable"] = (_, value, _) => value is string or List<object?> or TemplateMap or Undefined,
        ["sequence"] = (_, value, _) => value is string or List<object?> or TemplateMap,
        ["number"] = (_, value, _) => value is long or double or bool,
        ["integer"] = (_, value, _) => value is long,
        ["float"] = (_, value, _) => value is double,
        ["boolean"] = (_, value, _) => value is bool,
        ["callable"] = (_, value, _) => value is TemplateFunction,
        ["true"] = (_, value, _) => value is true,
        ["false"] = (_, value, _) => value is false,
        ["odd"] = (context, value, _) => Whole(context, value) % 2 != 0,
        ["even"] = (context, value, _) => Whole(context, value) % 2 == 0,
        ["lower"] = (_, value, _) => value is string text && text == text.ToLowerInvariant(),
        ["upper"] = (_, value, _) => value is string text && text == text.ToUpperInvariant(),
        ["divisibleby"] = (context, value, by) => Whole(context, by) is var divisor and not 0 ? Whole(context, value) % divisor == 0 : throw context.Error("division by zero"),
        ["equalto"] = TemplateEqual,
        ["eq"] = TemplateEqual,
        ["=="] = TemplateEqual,
        ["ne"] = (context, value, other) => !TemplateValues.AreEqual(context, value, other),
        ["sameas"] = TemplateEqual,
        ["in"] = (context, value, container) => TemplateValues.Contains(context, container, value),
        ["gt"] = (context, value, other) => TemplateValues.Compare(context, value, other) > 0,
        ["ge"] = (context, value, other) => TemplateValues.Compare(context, value, other) >= 0,
        ["lt"] = (context, value, other) => TemplateValues.Compare(context, value, other) < 0,
        ["le"] = (context, value, other) => TemplateValues.Compare(context, value, other) <= 0,
    };

    private static readonly HashSet<string> s_binary = ["divisibleby", "equalto", "eq", "==", "ne", "sameas", "in", "gt", "ge", "lt", "le"];

    public static bool Exists(string name) => s_tests.ContainsKey(name);

    public static bool TakesArgument(string name) => s_binary.Contains(name);

    public static bool Holds(TemplateContext context, string name, object? value, TemplateArguments arguments)
    {
        if (!s_tests.TryGetValue(name, out Func<TemplateContext, object?, object?, bool>? test))
            throw context.Error($"the test '{name}' is not supported");
        if (TakesArgument(name) && arguments.Positional.Count == 0)
            throw context.Error($"the test '{name}' needs a value to test against");
        return test(context, value, arguments.Get(0, "other"));
    }

    private static bool TemplateEqual(TemplateContext context, object? value, object? other) => TemplateValues.AreEqual(context, value, other);

    private static long Whole(TemplateContext context, object? value) =>
        value is long number and not long.MinValue ? number : throw context.Error($"a whole number is needed here, not {TemplateValues.TypeName(value)}");
}
