namespace Winnow.Caching;

/// <summary>A policy as users write it, taken apart.</summary>
/// <param name="Name">Name of the policy or wrapper.</param>
/// <param name="Inner">The wrapped policy's text; null when there is none.</param>
/// <param name="Options">Key and text of each option.</param>
public sealed record PolicyText(string Name, string? Inner, IReadOnlyDictionary<string, string> Options)
{
    /// <summary>Takes «name:key=value,…» or «wrapper(policy):key=value,…» apart.</summary>
    /// <exception cref="WinnowException">The text has another shape.</exception>
    public static PolicyText Parse(string text)
    {
        (string head, string options) = SplitOptions(text);
        int open = head.IndexOf('(', StringComparison.Ordinal);
        if (open < 0)
            return new PolicyText(head.Trim(), null, ParseOptions(options, text));
        if (!head.TrimEnd().EndsWith(')'))
            throw Wrong(text);
        string inner = head[(open + 1)..head.LastIndexOf(')')].Trim();
        return inner.Length > 0 ? new PolicyText(head[..open].Trim(), inner, ParseOptions(options, text)) : throw Wrong(text);
    }

    /// <summary>
    /// Takes a list apart. A comma separates policies and also the options of one policy: a part with «=» belongs to the policy before it. Commas in parentheses
    /// separate nothing.
    /// </summary>
    public static IReadOnlyList<string> SplitList(string text)
    {
        List<string> policies = [];
        int start = 0, depth = 0;
        for (int i = 0; i <= text.Length; i++)
        {
            if (i < text.Length && (text[i] != ',' || depth > 0))
            {
                depth += text[i] switch { '(' => 1, ')' => -1, _ => 0 };
                continue;
            }

            Add(policies, text[start..i].Trim());
            start = i + 1;
        }

        return policies;
    }

    private static void Add(List<string> policies, string part)
    {
        if (part.Length == 0)
            return;
        (string head, string options) = SplitOptions(part);
        // An equals sign in parentheses belongs to a wrapped policy.
        int equals = head.IndexOf('=', StringComparison.Ordinal), open = head.IndexOf('(', StringComparison.Ordinal);
        if (policies.Count > 0 && options.Length == 0 && equals >= 0 && (open < 0 || equals < open))
            policies[^1] += "," + part;
        else
            policies.Add(part);
    }

    /// <summary>Splits at the first colon outside parentheses.</summary>
    private static (string Head, string Options) SplitOptions(string text)
    {
        int depth = 0;
        for (int i = 0; i < text.Length; i++)
        {
            if (text[i] == ':' && depth == 0)
                return (text[..i], text[(i + 1)..]);
            depth += text[i] switch { '(' => 1, ')' => -1, _ => 0 };
        }

        return depth == 0 ? (text, "") : throw Wrong(text);
    }

    private static Dictionary<string, string> ParseOptions(string options, string text)
    {
        Dictionary<string, string> values = new(StringComparer.Ordinal);
        foreach (string part in options.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            int equals = part.IndexOf('=', StringComparison.Ordinal);
            if (equals <= 0 || equals == part.Length - 1)
                throw new WinnowException($"'{part}' in cache policy '{text}' is not understood: write options as key=value, separated by commas");
            if (!values.TryAdd(part[..equals].Trim(), part[(equals + 1)..].Trim()))
                throw new WinnowException($"option '{part[..equals].Trim()}' appears twice in cache policy '{text}'");
        }

        return values;
    }

    private static WinnowException Wrong(string text) =>
        new($"cache policy '{text}' is not understood: write name:key=value,… or wrapper(policy):key=value,…, with every parenthesis closed");
}
