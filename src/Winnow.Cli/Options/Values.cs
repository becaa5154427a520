using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;

namespace Winnow.Cli.Options;

/// <summary>Options whose values are read with invariant culture and refused with one sentence.</summary>
internal static class Values
{
    /// <summary>A whole number.</summary>
    public static Option<int> Integer(string name, string valueName, string help, int otherwise, int least = 0, int most = int.MaxValue) => new(name)
    {
        Description = help,
        HelpName = valueName,
        DefaultValueFactory = _ => otherwise,
        CustomParser = argument => ParseInteger(name, argument.Tokens[0].Value, least, most),
    };

    /// <summary>Several whole numbers, separated by commas.</summary>
    public static Option<IReadOnlyList<int>> Integers(string name, string valueName, string help, IReadOnlyList<int> otherwise, int least = 0) => new(name)
    {
        Description = $"{help} [default: {string.Join(',', otherwise)}]",
        HelpName = valueName,
        CustomParser = argument => [.. Words(argument).Select(text => ParseInteger(name, text, least, int.MaxValue))],
    };

    /// <summary>Several words, separated by commas.</summary>
    public static Option<IReadOnlyList<string>> List(string name, string valueName, string help) => new(name)
    {
        Description = help,
        HelpName = valueName,
        CustomParser = argument => [.. Words(argument)],
    };

    /// <summary>Reads a whole number in a range.</summary>
    /// <exception cref="WinnowException">It is none.</exception>
    public static int ParseInteger(string name, string text, int least, int most) =>
        int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out int value) && value >= least && value <= most
            ? value
            : throw Wrong(name, text, most == int.MaxValue ? $"a whole number of {least} or more" : $"a whole number from {least} to {most}");

    /// <summary>Reads one of a few whole numbers.</summary>
    /// <exception cref="WinnowException">It is none of them.</exception>
    public static int ParseChoice(string name, string text, ReadOnlySpan<int> choices) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int value) && choices.Contains(value)
            ? value
            : throw Wrong(name, text, string.Join(" or ", choices.ToArray()));

    /// <summary>A number.</summary>
    public static Option<float> Number(string name, string valueName, string help, float otherwise) => new(name)
    {
        Description = help,
        HelpName = valueName,
        DefaultValueFactory = _ => otherwise,
        CustomParser = argument => float.TryParse(argument.Tokens[0].Value, NumberStyles.Float, CultureInfo.InvariantCulture, out float value)
            ? value
            : throw Wrong(name, argument.Tokens[0].Value, "a number such as 0.8"),
    };

    /// <summary>A text.</summary>
    public static Option<string?> Text(string name, string valueName, string help) => new(name) { Description = help, HelpName = valueName };

    /// <summary>A switch.</summary>
    public static Option<bool> Switch(string name, string help) => new(name) { Description = help };

    /// <summary>The words of a list separated by commas.</summary>
    public static IEnumerable<string> Words(ArgumentResult argument) =>
        argument.Tokens.SelectMany(token => token.Value.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries));

    private static WinnowException Wrong(string name, string text, string expected) => new($"option {name} is '{text}'; it must be {expected}");
}
