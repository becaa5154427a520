using System.Globalization;
using System.Text.Json;

namespace Winnow.Caching;

/// <summary>Options of a policy as the user wrote them, read with checks; what no policy reads is an error, never ignored.</summary>
public sealed class PolicyArguments
{
    private readonly Dictionary<string, string> _values;
    private readonly HashSet<string> _read = new(StringComparer.Ordinal);
    private readonly string _policy;

    /// <summary>Takes the options of a policy.</summary>
    /// <param name="policy">The policy's name, for messages.</param>
    /// <param name="values">Key and text of each option.</param>
    /// <param name="keep">What may stay, unless an option «keep» says otherwise.</param>
    public PolicyArguments(string policy, IReadOnlyDictionary<string, string> values, Budget keep)
    {
        _policy = policy;
        _values = new Dictionary<string, string>(values, StringComparer.Ordinal);
        Keep = Text("keep") is { } text ? Budget.Parse(text) : keep;
    }

    /// <summary>What may stay.</summary>
    public Budget Keep { get; }

    /// <summary>A whole number.</summary>
    public int Integer(string key, int otherwise, int least, int most = int.MaxValue)
    {
        if (Text(key) is not { } text)
            return otherwise;
        if (!int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out int value))
            throw Wrong(key, text, "a whole number");
        return value >= least && value <= most ? value : throw Wrong(key, text, most == int.MaxValue ? $"{least} or more" : $"{least} to {most}");
    }

    /// <summary>A whole number that need not be given.</summary>
    public int? OptionalInteger(string key, int least) => _values.ContainsKey(key) ? Integer(key, 0, least) : null;

    /// <summary>A number.</summary>
    public double Number(string key, double otherwise, double least, double most) => OptionalNumber(key, least, most) ?? otherwise;

    /// <summary>A number that need not be given.</summary>
    public double? OptionalNumber(string key, double least, double most)
    {
        if (Text(key) is not { } text)
            return null;
        return double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double value) && value >= least && value <= most
            ? value
            : throw Wrong(key, text, string.Create(CultureInfo.InvariantCulture, $"a number from {least} to {most}"));
    }

    /// <summary>Any text.</summary>
    public string Text(string key, string otherwise) => Text(key) ?? otherwise;

    /// <summary>Any text, such as a path, that need not be given.</summary>
    public string? OptionalText(string key) => Text(key);

    /// <summary>True or false.</summary>
    public bool Flag(string key, bool otherwise) => Text(key) switch
    {
        null => otherwise,
        "true" or "on" or "yes" or "1" => true,
        "false" or "off" or "no" or "0" => false,
        { } text => throw Wrong(key, text, "true or false"),
    };

    /// <summary>One of several words, written in kebab case.</summary>
    public T Choice<T>(string key, T otherwise)
        where T : struct, Enum
    {
        if (Text(key) is not { } text)
            return otherwise;
        foreach (T value in Enum.GetValues<T>())
        {
            if (JsonNamingPolicy.KebabCaseLower.ConvertName(value.ToString()) == text)
                return value;
        }

        throw Wrong(key, text, string.Join(" or ", Enum.GetNames<T>().Select(JsonNamingPolicy.KebabCaseLower.ConvertName)));
    }

    /// <summary>Refuses options that no one has read.</summary>
    /// <param name="known">The policy's options.</param>
    /// <exception cref="WinnowException">An option is unknown.</exception>
    public void RequireAllRead(IEnumerable<string> known)
    {
        foreach (string key in _values.Keys.Where(key => !_read.Contains(key)))
            throw new WinnowException($"cache policy '{_policy}' has no option '{key}'; it has: {string.Join(", ", known.Append("keep"))}");
    }

    private string? Text(string key)
    {
        _read.Add(key);
        return _values.GetValueOrDefault(key);
    }

    private WinnowException Wrong(string key, string text, string expected) =>
        new($"option '{key}' of cache policy '{_policy}' is '{text}'; it must be {expected}");
}
